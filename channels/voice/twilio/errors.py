"""Twilio's error codes of calls, where they differ from those of messages.

Source: twilio.com/docs/api/errors; the wording is beside each row. Not in the published list of
messaging codes, so each is marked: s = seen on Twilio's page of that code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.sms.faults import Fault, Kind, rows

FAULTS: Final[Mapping[int, Fault]] = dict(
    (
        # 13224 Dial: Twilio does not support calling this number or the number is invalid (s)
        *rows(Kind.NEVER, "invalid_number", 13224, dead=True),
        # 21214 To phone number cannot be reached
        *rows(Kind.NEVER, "no_route", 21214),
        # 21202 premium number (s), 21216 account not allowed to call it: nobody's fault but the
        # number's range
        *rows(Kind.NEVER, "barred_number", 21202, 21216),
        # 13227, 21215 no geographic permission; 21203 international calling not enabled
        *rows(Kind.ACCOUNT, "region_closed", 13227, 21203, 21215),
        # 21219 To not verified, 21210 From not verified: a trial account; 21213 no caller
        *rows(Kind.ACCOUNT, "sender", 21210, 21213, 21219),
        # 21205 invalid URL, 12100 document parse failure: our own request
        *rows(Kind.NEVER, "bad_request", 12100, 21205),
    )
)
