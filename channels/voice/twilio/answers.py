"""What Twilio's answer to a call means: 201 with a Call resource, or an error's code."""

from __future__ import annotations

import json
from datetime import datetime

from channels.sms.faults import outcome_of as outcome_of_fault
from channels.sms.twilio.answers import outcome_of as outcome_of_reply
from channels.transport import Reply
from channels.voice.twilio.errors import FAULTS
from reminders.domain.outcome import Outcome


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """The outcome of a POST. `now` (machine clock) measures a dated Retry-After."""
    row = FAULTS.get(_code(reply)) if 400 <= reply.status < 500 else None
    return outcome_of_fault(row) if row is not None else outcome_of_reply(reply, now)


def _code(reply: Reply) -> int:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return 0
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, int) else 0
