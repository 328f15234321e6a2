"""What APNs' answers mean to a push."""

from __future__ import annotations

import json
import logging
from datetime import datetime

from channels.push.apns.errors import VERDICTS, by_status
from channels.retry_after import parse_retry_after
from channels.transport import Reply
from channels.verdicts import Fault
from reminders.domain.outcome import Accepted, Outcome

_log = logging.getLogger(__name__)


def outcome_of(reply: Reply, attempt_id: str, now: datetime) -> Outcome:
    """A 200 has no body: the id is the one we gave. `now` (machine clock) measures Retry-After."""
    if reply.status == 200:
        given = reply.headers.get("apns-id", "")
        return Accepted(given if given.isascii() and 0 < len(given) <= 200 else attempt_id)
    verdict = VERDICTS.get(reason_of(reply)) or by_status(reply.status)
    if verdict.fault is Fault.OURS:
        _log.error("apns refused our request: %s", verdict.reason)
    return verdict.outcome(parse_retry_after(reply.headers.get("retry-after"), now))


def reason_of(reply: Reply) -> str:
    """The reason that a refusal gives, "" where it gives none."""
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return ""
    reason = found.get("reason") if isinstance(found, dict) else None
    return reason if isinstance(reason, str) else ""
