"""The form of one message."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from channels.contract import Message
from channels.sms.twilio.settings import TwilioSettings

# "ValidityPeriod: 1 to 36,000 seconds, 36,000 by default" (twilio.com/docs/messaging/api). Less
# than 5 s is advised against: the message would often expire within Twilio.
_LONGEST_S, _SHORTEST_S = 36_000, 5


def callback_url(receipts_url: str, attempt_id: str) -> str:
    """Where Twilio tells what became of one attempt: our door, with the attempt in its query."""
    mark = "&" if "?" in receipts_url else "?"
    return f"{receipts_url}{mark}attempt={quote(attempt_id, safe='')}"


def body(message: Message, settings: TwilioSettings, now: datetime | None = None) -> bytes:
    """The POST's form. `now` is the clock of `message.expires_at` (default: the machine's)."""
    fields = {
        "To": message.address,
        "Body": message.text,
        "StatusCallback": callback_url(settings.receipts_url, message.idempotency_key),
    }
    if settings.messaging_service_sid:
        fields["MessagingServiceSid"] = settings.messaging_service_sid
    else:
        fields["From"] = settings.sender
    if message.expires_at is not None:
        left = (message.expires_at - (now or datetime.now(UTC))).total_seconds()
        if left < _LONGEST_S:
            fields["ValidityPeriod"] = str(max(_SHORTEST_S, int(left)))
    return urlencode(fields).encode("ascii")
