"""The rows of providers whose lines the sandbox opens on demand."""

from __future__ import annotations

from tests.contract.row import Row
from tests.contract.rows_push import APNS, FCM
from tests.contract.rows_smpp import ROW as SMPP
from tests.contract.rows_twilio import ROW as TWILIO

FURTHER: tuple[Row, ...] = (FCM, APNS, TWILIO, SMPP)
