"""What Aliyun's answer to a call means: `{"Code": "OK", "BizId": …}`, or a code of its table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from channels.retry_after import parse_retry_after
from channels.sms.aliyun.errors import FAULTS, fault
from channels.sms.faults import Fault, Kind, outcome_of
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Uncertain


def read_answer(reply: Reply) -> Accepted | Uncertain | Fault:
    """A refusal as its fault, so that a batch may be taken apart."""
    found = _object(reply.body)
    code = found.get("Code")
    if code == "OK":
        biz_id = found.get("BizId")
        if isinstance(biz_id, str) and 0 < len(biz_id) <= 64 and biz_id.isascii():
            return Accepted(biz_id)
        return Uncertain("accepted with an unreadable body")
    if isinstance(code, str) and (code in FAULTS or reply.status < 500):
        return fault(code)
    return _by_status(reply.status)


def _by_status(status: int) -> Uncertain | Fault:
    """Somebody answered who is not the API: a proxy, or its gateway in trouble."""
    if status == 429:
        return Fault(Kind.LATER, "rate_limited")
    if status in (401, 403):
        return Fault(Kind.ACCOUNT, "account")
    if 400 <= status < 500:
        return Fault(Kind.NEVER, "refused")
    return Uncertain(f"aliyun {status}")


def refused(found: Fault, reply: Reply, now: datetime) -> Outcome:
    """The outcome of a fault. `now` (machine clock) measures a dated Retry-After."""
    return outcome_of(found, parse_retry_after(reply.headers.get("retry-after"), now))


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
