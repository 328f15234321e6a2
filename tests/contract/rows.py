"""The rows of providers whose lines the sandbox opens on demand."""

from __future__ import annotations

from tests.contract.row import Row
from tests.contract.rows_aliyun import ROW as ALIYUN
from tests.contract.rows_apprise import ROW as APPRISE
from tests.contract.rows_human_task import ROW as HUMAN_TASK
from tests.contract.rows_push import APNS, FCM
from tests.contract.rows_smpp import ROW as SMPP
from tests.contract.rows_tencent import ROW as TENCENT
from tests.contract.rows_twilio import ROW as TWILIO
from tests.contract.rows_voice import ROW as VOICE
from tests.contract.rows_webhook import ROW as WEBHOOK
from tests.contract.rows_wechat import ROW as WECHAT
from tests.contract.rows_whatsapp import ROW as WHATSAPP

FURTHER: tuple[Row, ...] = (
    ALIYUN,
    TENCENT,
    FCM,
    APNS,
    WECHAT,
    WHATSAPP,
    TWILIO,
    SMPP,
    VOICE,
    WEBHOOK,
    HUMAN_TASK,
    APPRISE,
)
