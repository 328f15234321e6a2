"""What Twilio's answer to a message means: 201 with a Message resource, or an error's code."""

from __future__ import annotations

import re
from datetime import datetime

from channels.json_object import json_object
from channels.retry_after import parse_retry_after
from channels.sms.faults import Fault, Kind
from channels.sms.faults import outcome_of as outcome_of_fault
from channels.sms.twilio.errors import fault
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{20,64}")


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """The outcome of a POST. `now` (machine clock) measures a dated Retry-After."""
    found = json_object(reply.body)
    if 200 <= reply.status < 300:
        sid = found.get("sid")
        if isinstance(sid, str) and _SID.fullmatch(sid):
            return Accepted(sid)
        return Uncertain("accepted with an unreadable body")
    code = found.get("code")
    known = code if isinstance(code, int) and not isinstance(code, bool) else 0
    if reply.status in (502, 504) or (reply.status >= 500 and not known):
        # A proxy lost its upstream, or somebody else than Twilio answered.
        return Uncertain(f"twilio {reply.status}")
    return _refused(reply, fault(known), now)


def _refused(reply: Reply, row: Fault, now: datetime) -> Outcome:
    status = reply.status
    if row.kind is Kind.NEVER and status in (401, 403, 404, 429):
        row = Fault(Kind.LATER, "rate_limited") if status == 429 else Fault(Kind.ACCOUNT, "account")
    if row.kind is Kind.NEVER and status >= 500:
        row = Fault(Kind.LATER, row.reason)
    return outcome_of_fault(row, parse_retry_after(reply.headers.get("retry-after"), now))
