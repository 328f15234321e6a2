"""What WeChat's answers mean to a message: `{"errcode", "errmsg", "msgid"}`, mostly under 200."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

from channels.retry_after import parse_retry_after
from channels.transport import Reply
from channels.verdicts import Fault, Verdict
from channels.wechat.errors import TOKEN_CODES, verdict_of
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_log = logging.getLogger(__name__)


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """`now` (machine clock) measures a dated Retry-After."""
    code, ref = _read(reply)
    wait = parse_retry_after(reply.headers.get("retry-after"), now)
    if code is None:
        return _without_code(reply.status, wait)
    if code == 0:
        return Accepted(ref) if ref else Uncertain("accepted without an id")
    verdict = verdict_of(code)
    if verdict.fault is Fault.OURS:
        _log.error("wechat refused our request: %s", verdict.reason)
    return verdict.outcome(wait)


def refuses_token(reply: Reply) -> bool:
    return _read(reply)[0] in TOKEN_CODES


def _without_code(status: int, wait: timedelta | None) -> Outcome:
    if status == 503 or status == 429:
        return Verdict(Fault.BUSY, f"wechat_{status}").outcome(wait)
    if 400 <= status < 500:
        return Verdict(Fault.OURS, f"wechat_{status}").outcome()
    return Uncertain("an unreadable answer")


def _read(reply: Reply) -> tuple[int | None, str]:
    """The code of an answer, None if it has none, and the message's id."""
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None, ""
    if not isinstance(found, dict):
        return None, ""
    code, ref = _int(found.get("errcode")), _int(found.get("msgid"))
    return code, str(ref) if ref is not None and 0 < ref < 2**64 else ""


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
