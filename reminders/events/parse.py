"""Bytes in, an event out, or one `EventError` that says why not."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from reminders.events.envelope import EVENT_MODELS, AnyEvent, Event
from reminders.events.errors import EventError
from reminders.events.fields import PATTERN_MEANING

# The largest real one (a customer with 20 contact points) is below 8 KiB.
MAX_EVENT_BYTES = 256 * 1024

_ADAPTER: TypeAdapter[Event] = TypeAdapter(AnyEvent)
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_CUSTOMER = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_UNSAFE = re.compile(r"[^\x20-\x7e]")


def parse_event(raw: bytes) -> Event:
    """Read one event from its CloudEvents JSON bytes; raise `EventError`, and nothing else."""
    if not raw:
        raise EventError("the body is empty")
    if len(raw) > MAX_EVENT_BYTES:
        raise EventError(f"{len(raw)} bytes are more than the {MAX_EVENT_BYTES} of an event")
    try:
        return _ADAPTER.validate_json(raw)
    except ValidationError as wrong:
        reason = _reason(raw, wrong)
    except Exception as unforeseen:  # a malformed event must never stop those behind it
        reason = f"cannot be read: {type(unforeseen).__name__}"
    raise EventError(reason, **_what_is_readable(raw))


def _reason(raw: bytes, wrong: ValidationError) -> str:
    """One line from Pydantic's first error. It quotes no input: that may be a phone number."""
    try:
        raw.decode()
    except UnicodeDecodeError as broken:
        return f"is not UTF-8: byte 0x{raw[broken.start]:02x} at offset {broken.start}"
    errors = wrong.errors(include_url=False, include_input=False)
    first = errors[0]
    if first["type"] == "union_tag_invalid":
        return f"unknown type {_shown(str(first['ctx']['tag']))}"
    if first["type"] == "union_tag_not_found":
        return "type is missing"
    where = ".".join(_step(step) for step in first["loc"] if step not in EVENT_MODELS)
    what = _what(first)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{where}: {what}{more}" if where else f"{what}{more}"


def _what(error: ErrorDetails) -> str:
    if error["type"] == "string_pattern_mismatch":
        return PATTERN_MEANING.get(error["ctx"]["pattern"], error["msg"])
    return error["msg"].removeprefix("Value error, ")


def _step(step: str | int) -> str:
    return str(step) if isinstance(step, int) else _shown(step)


def _shown(text: str) -> str:
    """Foreign text made safe for one line of a log or a terminal."""
    return _UNSAFE.sub("?", text[:64]) + ("…" if len(text) > 64 else "")


def _what_is_readable(raw: bytes) -> dict[str, str | None]:
    try:
        envelope: Any = json.loads(raw, parse_int=str)  # Any: it may hold whatever JSON can
    except (ValueError, RecursionError):
        return {}
    if not isinstance(envelope, dict):
        return {}
    data = envelope.get("data")
    customer = data.get("customer_id") if isinstance(data, dict) else None
    return {
        "source": _if_matching(_PRINTABLE, envelope.get("source")),
        "id": _if_matching(_PRINTABLE, envelope.get("id")),
        "customer": _if_matching(_CUSTOMER, customer),
    }


def _if_matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None
