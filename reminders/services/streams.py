"""Names on Redis: the two streams that are state until PostgreSQL has them."""

from __future__ import annotations

EVENTS_STREAM = "reminders:events"
RECEIPTS_STREAM = "reminders:receipts"
INTAKE_GROUP = "intake"

# One letter each: they are stored with every entry.
EVENT_BODY = b"e"  # verbatim
EVENT_PRODUCER = b"p"
RECEIPT_BODY = b"b"  # verbatim
RECEIPT_PROVIDER = b"p"
RECEIPT_TYPE = b"c"  # its content type, where it says one
RECEIPT_URL = b"u"  # the path and query that were called, where they say something
RECEIPT_SIGNED = b"s"  # b"1": the signature was checked at the door
TAKEN_AT = b"t"  # unix seconds of the machine clock at which a door answered for it

# The provider of receipts that are the customer's own act: reading an in-app message.
IN_APP = "in_app"

Entry = dict[bytes, bytes]


def event_entry(body: bytes, producer: str, taken_at: float) -> Entry:
    """The fields of one event on the stream."""
    return {EVENT_BODY: body, EVENT_PRODUCER: producer.encode(), TAKEN_AT: b"%.6f" % taken_at}


def receipt_entry(
    body: bytes, provider: str, taken_at: float, content_type: str = "", url: str = ""
) -> Entry:
    """The fields of one checked post on the stream."""
    entry = {
        RECEIPT_BODY: body,
        RECEIPT_PROVIDER: provider.encode(),
        RECEIPT_SIGNED: b"1",
        TAKEN_AT: b"%.6f" % taken_at,
    }
    if content_type:
        entry[RECEIPT_TYPE] = content_type.encode()
    if url:
        entry[RECEIPT_URL] = url.encode()
    return entry


# What intake says after each commit: which events are fenced, and when (JSON lines in one field).
FENCED_STREAM = "reminders:fenced"
FENCED_LINES = b"l"
FENCED_KEPT = 2_000  # entries of up to 500 events each
