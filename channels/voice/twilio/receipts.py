"""What Twilio posts of a call: how it ended, who answered, which key was pressed.

Source: twilio.com/docs/voice/api/call-resource ("StatusCallback", "Call status values") and
twilio.com/docs/voice/answering-machine-detection ("AnsweredBy"). That `AnsweredBy` stands in the
callback of a call made with inline TwiML is Twilio's word of the resource, not tried: without it
a completed call confirms nothing but its acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from channels.called import field_of
from channels.contract import Post, Told
from channels.errors import ReceiptError
from channels.receipts import UNDATED, reference_of, text_of
from channels.sms.twilio.signature import form
from channels.voice.twilio.payload import KEY_PRESSED
from channels.voice.twilio.settings import TwilioVoiceSettings
from reminders.domain.outcome import Receipt, ReceiptStatus

_R = ReceiptStatus

# Call status → what it says of the attempt; `completed` depends on who answered.
STATUSES: dict[str, ReceiptStatus] = {
    "queued": _R.ACCEPTED,
    "initiated": _R.ACCEPTED,
    "ringing": _R.ACCEPTED,
    "in-progress": _R.ACCEPTED,
    "busy": _R.UNDELIVERED,
    "no-answer": _R.UNDELIVERED,
    "failed": _R.UNDELIVERED,
    "canceled": _R.UNDELIVERED,
}
# Who answered → status and reason. `unknown`: detection could not tell, so nothing is claimed.
ANSWERED_BY: dict[str, tuple[ReceiptStatus, str]] = {
    "human": (_R.DELIVERED, ""),
    "machine_start": (_R.UNDELIVERED, "voicemail"),
    "machine_end_beep": (_R.UNDELIVERED, "voicemail"),
    "machine_end_silence": (_R.UNDELIVERED, "voicemail"),
    "machine_end_other": (_R.UNDELIVERED, "voicemail"),
    "fax": (_R.UNDELIVERED, "fax"),
    "unknown": (_R.ACCEPTED, ""),
}
# RFC 3261 §21.4.5, §21.4.11, §21.6.3: the number does not exist, is gone, exists nowhere.
_NOBODY = frozenset(("404", "410", "604"))


def hear(post: Post, settings: TwilioVoiceSettings) -> Told:
    """Raises `ReceiptError` where the form is no callback of a call."""
    fields = dict(form(post.body))
    if field_of(post.url, KEY_PRESSED):
        pressed = text_of(fields, "Digits")
        return Told((_receipt(fields, post.url, _R.ACTED),)) if pressed else Told()
    status = text_of(fields, "CallStatus").lower()
    if status == "completed":
        heard, reason = _completed(fields, settings)
        return Told((_receipt(fields, post.url, heard, reason),))
    if status not in STATUSES:
        raise ReceiptError("CallStatus is not one of completed, " + ", ".join(STATUSES))
    gone = STATUSES[status] is _R.UNDELIVERED
    nobody = status == "failed" and text_of(fields, "SipResponseCode") in _NOBODY
    reason = status.replace("-", "_") if gone else ""
    receipt = _receipt(
        fields, post.url, STATUSES[status], "unknown_subscriber" if nobody else reason, nobody
    )
    return Told((receipt,))


def _completed(
    fields: Mapping[str, str], settings: TwilioVoiceSettings
) -> tuple[ReceiptStatus, str]:
    """What the end of an answered call says, by who answered it and for how long they listened."""
    by = text_of(fields, "AnsweredBy").lower()
    if by in ("", "human") and _lasted(fields) < settings.heard_after:
        return _R.ACCEPTED, "hung_up"
    if not by:
        return (_R.ACCEPTED if settings.machine_detection else _R.DELIVERED), ""
    found, reason = ANSWERED_BY.get(by, ANSWERED_BY["unknown"])
    if reason == "voicemail" and settings.voicemail_delivers:
        return _R.DELIVERED, reason
    return found, reason


def _lasted(fields: Mapping[str, str]) -> timedelta:
    """How long it lasted once it was answered; for ever where that is not said."""
    seconds = text_of(fields, "CallDuration")
    readable = seconds.isascii() and seconds.isdigit() and len(seconds) < 10
    return timedelta(seconds=int(seconds)) if readable else timedelta.max


def _receipt(
    fields: Mapping[str, str],
    url: str,
    status: ReceiptStatus,
    reason: str = "",
    dead_contact: bool = False,
) -> Receipt:
    return Receipt(
        attempt_id=reference_of({"reference": field_of(url, "attempt")}),
        status=status,
        at=_instant(text_of(fields, "Timestamp")),
        provider_ref=text_of(fields, "CallSid"),
        reason=reason,
        dead_contact=dead_contact,
    )


def _instant(text: str) -> datetime:
    """`Timestamp` is RFC 2822 in UTC; a pressed key's post has none."""
    if not text:
        return UNDATED
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ReceiptError("Timestamp is not an RFC 2822 instant") from None
