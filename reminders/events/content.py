"""An event as bytes: as it travels, as its keyed hash, and parted from what is personal.

Fields are written in the order of their models. That order is part of the hash, so a test holds
a hash of each type: a model's fields are added at its end and never moved.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any

from reminders.events.envelope import Event
from reminders.events.models import ContactChanged, CustomerUpdated

# How an event travelled is not what it says: a retry may carry another trace. `traceparent` and
# `datacontenttype` are fields of the envelope and are left out by not being named below.
_NOT_CONTENT = {"tracestate"}
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def to_json(event: Event) -> bytes:
    """The event as a producer would send it; what is absent is left out."""
    return event.__pydantic_serializer__.to_json(event, exclude_none=True)


def content_hash(event: Event, key: bytes) -> bytes:
    """32 bytes that are equal for equal content, whoever serialised it and in what order.

    Keyed, since content holds phone numbers: a plain hash of eleven digits is found by trying.
    """
    # No attribute holds a line break, so lines cannot be confused with each other.
    head = f"{event.type}\n{event.time.isoformat()}\n{event.subject or ''}\n"
    if event.extensions:
        head += "".join(f"{line}\n" for line in sorted(_told(event.extensions)))
    data = event.data.__pydantic_serializer__.to_json(event.data, exclude_none=True)
    return hmac.digest(key, head.encode() + data, "sha256")


def _told(extensions: dict[str, str | bool | int | None]) -> Iterator[str]:
    for name, value in extensions.items():
        if value is not None and name not in _NOT_CONTENT:
            yield f"{name}={value!r}"


def redacted(event: Event) -> bytes:
    """The event's JSON with names and addresses replaced by null, to be kept for good."""
    if not isinstance(event.data, ContactChanged | CustomerUpdated):
        return to_json(event)
    dumped = event.model_dump(mode="json", exclude_none=True)
    _blank(dumped["data"])
    return _encode(dumped).encode()


def _blank(data: dict[str, Any]) -> None:  # Any: JSON
    for field in ("name", "address"):
        if field in data:
            data[field] = None
    for point in data.get("contact_points", ()):
        _blank(point)


def personal(event: Event) -> dict[str, Any] | None:  # Any: JSON
    """What `redacted` takes away, to be kept encrypted and apart; None if there is nothing."""
    data = event.data
    match data:
        case CustomerUpdated():
            fields = data.model_dump(include={"name", "contact_points"}, mode="json")
            return fields if data.name or data.contact_points else None
        case ContactChanged():
            return {"channel": data.channel, "address": data.address} if data.address else None
        case _:
            return None
