"""What WhatsApp's answers mean to a message."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from channels.json_object import json_object
from channels.retry_after import parse_retry_after
from channels.transport import Reply
from channels.verdicts import Fault
from channels.whatsapp.errors import by_status, verdict_of
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_log = logging.getLogger(__name__)


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """`now` (machine clock) measures a dated Retry-After."""
    found = json_object(reply.body)
    if 200 <= reply.status < 300:
        ref = _message_id(found)
        return Accepted(ref) if ref else Uncertain("accepted with an unreadable body")
    error = found.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    known = verdict_of(code) if isinstance(code, int) else None
    verdict = known or by_status(reply.status)
    if verdict.fault is Fault.OURS:
        _log.error("whatsapp refused our request: %s", verdict.reason)
    return verdict.outcome(parse_retry_after(reply.headers.get("retry-after"), now))


def _message_id(found: Mapping[str, object]) -> str:
    messages = found.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    ref = first.get("id") if isinstance(first, dict) else None
    return ref if isinstance(ref, str) and 0 < len(ref) <= 200 and ref.isascii() else ""
