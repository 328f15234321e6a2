"""What Tencent's answer means: an error for the whole call, or a status for each number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.retry_after import parse_retry_after
from channels.sms.faults import Fault, Kind, outcome_of
from channels.sms.tencent.errors import fault
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_LONGEST_REF = 100


def outcomes_of(reply: Reply, numbers: Sequence[str], now: datetime) -> list[Outcome]:
    """An outcome for each number, in their order. `now` (machine clock) measures a dated
    Retry-After."""
    response = _object(_object(_json(reply.body)).get("Response"))
    error = _object(response.get("Error")).get("Code")
    retry_after = parse_retry_after(reply.headers.get("retry-after"), now)
    if isinstance(error, str):
        return [outcome_of(fault(error), retry_after)] * len(numbers)
    statuses = response.get("SendStatusSet")
    if not isinstance(statuses, list):
        return [_unreadable(reply.status)] * len(numbers)
    said = {_number(status): _object(status) for status in statuses}
    return [_outcome(said.get(number.lstrip("+"), {})) for number in numbers]


def _outcome(status: Mapping[str, object]) -> Outcome:
    code = status.get("Code")
    if not isinstance(code, str):
        return Uncertain("the answer does not name this number")
    if code.lower() != "ok":
        return outcome_of(fault(code))
    ref = status.get("SerialNo")
    if isinstance(ref, str) and 0 < len(ref) <= _LONGEST_REF and ref.isascii():
        return Accepted(ref)
    return Uncertain("accepted with an unreadable body")


def _unreadable(status: int) -> Outcome:
    """Somebody answered who is not the API: it always answers 200 with a Response."""
    if status == 429:
        return outcome_of(Fault(Kind.LATER, "rate_limited"))
    if status in (401, 403):
        return outcome_of(Fault(Kind.ACCOUNT, "account"))
    if 400 <= status < 500:
        return outcome_of(Fault(Kind.NEVER, "refused"))
    return Uncertain(f"tencent {status}")


def _number(status: object) -> str:
    number = _object(status).get("PhoneNumber")
    return number.lstrip("+") if isinstance(number, str) else ""


def _object(found: object) -> Mapping[str, object]:
    return found if isinstance(found, dict) else {}


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found
