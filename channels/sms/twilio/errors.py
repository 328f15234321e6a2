"""Twilio's error codes as outcomes, by Twilio's own wording of them.

Source: twilio.com/docs/api/errors, as published in twilio-error-codes.json (ISC), and for the codes
that Twilio has split off since (changelog of 2024-07-10) the page of each; the wording is beside
each group. A code that is not here is permanent and blames nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from channels.sms.faults import Fault, Kind, rows
from reminders.domain.outcome import Word

FAULTS: Final[Mapping[int, Fault]] = dict(
    (
        # 20429 too many requests; 14107 SMS send rate limit exceeded; 21611 the sender's queue is
        # full; 30001 queue overflow; 30017 carrier congestion; 30022 10DLC rate limit
        *rows(Kind.LATER, "rate_limited", 14107, 20429, 21611, 30001, 30017, 30022),
        # 30023, 30027: a carrier's daily cap on our campaign
        *rows(Kind.LATER, "daily_cap", 30023, 30027),
        # 20500 internal server error, 20503 service unavailable; 30410 provider timeout; 21730
        # under maintenance; 30020, 30021 internal failure of scheduling, of the orchestrator
        *rows(Kind.LATER, "provider_fault", 20500, 20503, 21730, 30020, 30021, 30410),
        # 20001-20008 authentication and test credentials; 20003 permission denied; 20404 the
        # account's address does not exist; 30002 account suspended; 30112 account is not found
        *rows(Kind.ACCOUNT, "account", 20003, 20005, 20006, 20008, 20404, 30002, 30112),
        # 21603 no sender, 21606 and 21601 the sender cannot write there, 21607 and 21608 trial
        # account, 21616 ambiguous sender, 21657 sender id invalid, 21212 invalid From, 30018,
        # 30024, 30032, 30034, 30035 the sender is not registered with the carrier, 30033 campaign
        # suspended; 21659, 21660, 21661 From is not Twilio's, not the account's, not SMS-capable;
        # 21705, 30124, 30127 the messaging service is invalid; 30125 the number not registered
        *rows(
            *(Kind.ACCOUNT, "sender"),
            *(21212, 21601, 21603, 21606, 21607, 21608, 21616, 21657, 21659, 21660, 21661, 21705),
            *(30018, 30024, 30032, 30033, 30034, 30035, 30124, 30125, 30127),
        ),
        # 21408 no permission for the region; 21215 geo permission
        *rows(Kind.ACCOUNT, "region_closed", 21215, 21408),
        # 21211 invalid To; 21217 does not appear to be valid; 21265 To is a short code. (30014,
        # attributes of To are invalid, may be of the request: it blames nobody)
        *rows(Kind.NEVER, "invalid_number", 21211, 21217, 21265, dead=True),
        # 21614 not a valid mobile number; 21635 a landline; 30006 landline or unreachable carrier
        *rows(Kind.NEVER, "landline", 21614, 21635, 30006, dead=True),
        # 30005 unknown destination handset
        *rows(Kind.NEVER, "unknown_subscriber", 30005, dead=True),
        # 21610 unsubscribed recipient: its owner said STOP to this sender
        *rows(Kind.NEVER, Word.OPTED_OUT, 21610),
        # 30003 unreachable destination handset: switched off, maybe back tomorrow
        *rows(Kind.NEVER, "unreachable", 30003),
        # 21612 not currently reachable via SMS from this sender
        *rows(Kind.NEVER, "no_route", 21612),
        # 30004 message blocked; 30450 message delivery blocked
        *rows(Kind.NEVER, "blocked", 30004, 30450),
        # 30007 message filtered by Twilio or the carrier
        *rows(Kind.NEVER, "filtered", 30007),
        # 21617 over 1,600 characters; 21605 over 160; 30019 over the carrier's limit
        *rows(Kind.NEVER, "too_long", 21605, 21617, 30019),
        # 21602, 21619 no body; 21618 body cannot be sent
        *rows(Kind.NEVER, "content_rejected", 21602, 21618, 21619),
        # 30008 unknown error
        *rows(Kind.NEVER, "unknown_error", 30008),
        # 30036 its validity period passed in Twilio's own queue
        *rows(Kind.NEVER, "expired", 30036),
        # 30010 over the highest price; 30012, 30013, 21624 validity period
        *rows(Kind.NEVER, "price", 30010),
        *rows(Kind.NEVER, "validity", 21624, 30012, 30013),
    )
)


def fault(code: int) -> Fault:
    """The row of `code`; 0 or an unknown one is permanent and never blames the number."""
    return FAULTS.get(code) or Fault(Kind.NEVER, f"twilio_{code}" if code else "refused")
