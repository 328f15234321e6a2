"""One signed post of one event."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from channels.calling import call
from channels.transport import Reply, Transport
from channels.webhook.answers import outcome_of
from channels.webhook.signing import signed
from reminders.domain.outcome import Outcome

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event_body(type_: str, source: str, at: datetime, data: Mapping[str, object]) -> bytes:
    """`{"type", "source", "timestamp", "data"}`, as Standard Webhooks recommends."""
    event = {"type": type_, "source": source, "timestamp": at.isoformat(), "data": data}
    return _encode(event).encode("utf-8", "replace")


async def post_event(
    transport: Transport,
    url: str,
    keys: Sequence[bytes],
    event_id: str,
    body: bytes,
    start_by: float | None = None,
) -> Outcome:
    """Sign and post; receivers know a second post of one event by its id."""
    now = datetime.now(UTC)  # of the machine clock: receivers compare it with theirs
    headers = {**signed(keys, event_id, now, body), "Content-Type": "application/json"}
    reply = await call(transport, "POST", url, headers, body, start_by)
    return outcome_of(reply, event_id, now) if isinstance(reply, Reply) else reply
