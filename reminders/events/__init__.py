"""Events as they arrive: CloudEvents 1.0 envelopes, their data, schemas and examples."""

from reminders.events.content import content_hash, personal, redacted, to_json
from reminders.events.envelope import EVENT_MODELS, Event, event_of
from reminders.events.errors import EventError
from reminders.events.parse import MAX_EVENT_BYTES, parse_event

__all__ = [
    "EVENT_MODELS",
    "MAX_EVENT_BYTES",
    "Event",
    "EventError",
    "content_hash",
    "event_of",
    "parse_event",
    "personal",
    "redacted",
    "to_json",
]
