"""What WeChat's answers mean to a message: `{"errcode", "errmsg", "msgid"}`, mostly under 200."""

from __future__ import annotations

import json
import logging

from channels.transport import Reply
from channels.verdicts import Fault, Verdict
from channels.wechat.errors import TOKEN_CODES, verdict_of
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_log = logging.getLogger(__name__)


def outcome_of(reply: Reply) -> Outcome:
    code, ref = _read(reply)
    if code is None:
        return _without_code(reply.status)
    if code == 0:
        return Accepted(ref) if ref else Uncertain("accepted without an id")
    verdict = verdict_of(code)
    if verdict.fault is Fault.OURS:
        _log.error("wechat refused our request: %s", verdict.reason)
    return verdict.outcome()


def refuses_token(reply: Reply) -> bool:
    return _read(reply)[0] in TOKEN_CODES


def _without_code(status: int) -> Outcome:
    if status == 503 or status == 429:
        return Verdict(Fault.BUSY, f"wechat_{status}").outcome()
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
