"""What Aliyun's answer to a call means: `{"Code": "OK", "BizId": …}`, or a code of its table."""

from __future__ import annotations

from datetime import datetime

from channels.json_object import json_object
from channels.retry_after import parse_retry_after
from channels.sms.aliyun.errors import FAULTS, fault
from channels.sms.faults import Fault, outcome_of, stranger
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Uncertain


def read_answer(reply: Reply) -> Accepted | Uncertain | Fault:
    """A refusal as its fault, so that a batch may be taken apart."""
    found = json_object(reply.body)
    code = found.get("Code")
    if code == "OK":
        biz_id = found.get("BizId")
        if isinstance(biz_id, str) and 0 < len(biz_id) <= 64 and biz_id.isascii():
            return Accepted(biz_id)
        return Uncertain("accepted with an unreadable body")
    if isinstance(code, str) and (code in FAULTS or reply.status < 500):
        return fault(code)
    return stranger(reply.status, "aliyun")


def refused(found: Fault, reply: Reply, now: datetime) -> Outcome:
    """The outcome of a fault. `now` (machine clock) measures a dated Retry-After."""
    return outcome_of(found, parse_retry_after(reply.headers.get("retry-after"), now))
