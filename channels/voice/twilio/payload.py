"""The form of one call."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from channels.contract import Message
from channels.voice.twilio.settings import TwilioVoiceSettings
from channels.voice.twilio.twiml import call_document, words_for

KEY_PRESSED = "gather"  # in the query of the address that a pressed key is posted to


def callback_url(receipts_url: str, attempt_id: str) -> str:
    """Where Twilio tells what became of one call: our door, with the attempt in its query."""
    mark = "&" if "?" in receipts_url else "?"
    return f"{receipts_url}{mark}attempt={quote(attempt_id, safe='')}"


def document(message: Message, settings: TwilioVoiceSettings) -> str:
    """What is said."""
    told = callback_url(settings.receipts_url, message.idempotency_key)
    words = words_for(message.language, settings.language)
    return call_document(message.text, words, f"{told}&{KEY_PRESSED}=1")


def body(message: Message, settings: TwilioVoiceSettings, twiml: str) -> bytes:
    """The POST's form (twilio.com/docs/voice/api/call-resource, "Create a Call resource")."""
    fields = [
        ("To", message.address),
        ("From", settings.caller),
        ("Twiml", twiml),
        ("Timeout", str(int(settings.ring.total_seconds()))),
        ("StatusCallback", callback_url(settings.receipts_url, message.idempotency_key)),
        ("StatusCallbackMethod", "POST"),
        ("StatusCallbackEvent", "completed"),  # busy, no-answer and failed come by it too
    ]
    if settings.machine_detection:
        fields.append(("MachineDetection", settings.machine_detection))
    return urlencode(fields).encode("ascii")
