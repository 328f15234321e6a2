"""What the gateway's answers mean: to a message, and to the question what became of one."""

from __future__ import annotations

from datetime import datetime

from channels.json_object import json_object
from channels.retry_after import parse_retry_after
from channels.sms.gateway.errors import CODE, refusal
from channels.sms.gateway.receipts import undelivered_reason
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """The outcome of a POST, by status. `now` (machine clock) measures a dated Retry-After."""
    status = reply.status
    if 200 <= status < 300:
        return _accepted(reply)
    if status in (400, 422):
        row = refusal(_code(reply))
        return Permanent(row.reason, row.dead_contact)
    if status in (409, 502, 504):
        # 409: another call with this key is under way. 502, 504: a proxy lost its upstream, which
        # may have taken the message.
        return Uncertain(f"gateway {status}")
    retry_after = parse_retry_after(reply.headers.get("retry-after"), now)
    return Transient(_transient_reason(status), retry_after)


def _transient_reason(status: int) -> str:
    if status in (401, 403):
        # Our account's fault: nothing was taken, and it says nothing about the customer's number.
        return f"credentials refused ({status})"
    if status == 429:
        return "rate limited"
    return f"gateway {status}"


def _accepted(reply: Reply) -> Outcome:
    ref = _text(reply, "id")
    return Accepted(ref) if ref else Uncertain("accepted with an unreadable body")


def became_of(reply: Reply) -> Outcome | None:
    """The outcome of a GET by reference; None when the gateway could not say."""
    if reply.status == 404:
        return Unsent("the gateway does not know it")
    if reply.status != 200:
        return None
    ref = _text(reply, "id")
    gone = undelivered_reason(_text(reply, "status"), _text(reply, "error"))
    if gone is not None:
        return Permanent(gone.reason, gone.dead_contact)
    return Accepted(ref) if ref else None


def _text(reply: Reply, name: str) -> str:
    value = json_object(reply.body).get(name)
    return value if isinstance(value, str) and 0 < len(value) <= 200 and value.isascii() else ""


def _code(reply: Reply) -> str:
    code = _text(reply, "error")
    return code if CODE.fullmatch(code) else ""
