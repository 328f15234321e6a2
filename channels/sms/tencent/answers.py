"""What Tencent's answer means: an error for the whole call, or a status for each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from channels.json_object import as_object, json_object
from channels.retry_after import parse_retry_after
from channels.sms.faults import outcome_of, stranger
from channels.sms.tencent.errors import fault
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_LONGEST_REF = 100


def outcomes_of(reply: Reply, numbers: Sequence[str], now: datetime) -> list[Outcome]:
    """An outcome for each number, in their order. `now` (machine clock) measures a dated
    Retry-After."""
    response = as_object(json_object(reply.body).get("Response"))
    error = as_object(response.get("Error")).get("Code")
    retry_after = parse_retry_after(reply.headers.get("retry-after"), now)
    if isinstance(error, str):
        return [outcome_of(fault(error), retry_after)] * len(numbers)
    statuses = response.get("SendStatusSet")
    if not isinstance(statuses, list):
        return [outcome_of(stranger(reply.status, "tencent"))] * len(numbers)
    said = {_number(status): as_object(status) for status in statuses}
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


def _number(status: object) -> str:
    number = as_object(status).get("PhoneNumber")
    return number.lstrip("+") if isinstance(number, str) else ""
