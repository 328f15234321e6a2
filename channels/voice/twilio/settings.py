"""What a Twilio account needs to be told to call people, and what the planner may expect."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import Literal

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings

BASE_URL = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class TwilioVoiceSettings(ProviderSettings):
    """One account. `caller` is the number of ours that people see. `receipts_url` is the whole
    public address of our door for this provider, as Twilio is told it and signs it.

    `voicemail_delivers`: whether a text left on voicemail counts as delivered. It reached a
    machine, and whoever listens to it: no, unless the lender decides so.
    `heard_after`: an answered call that ended sooner was hung up before anything could be heard.
    `call_gap`: so long after a call began the same number is not called again by this process.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    caller: str
    receipts_url: str
    _: KW_ONLY
    name: str = "twilio_voice"
    cost_minor: int = 30
    rate_per_s: float = 1.0
    concurrency: int = 10
    base_url: str = BASE_URL
    per_number_hour: int = 2
    language: str = "en"  # of texts whose language has no voice, and of the thanks for a key
    machine_detection: Literal["", "Enable", "DetectMessageEnd"] = "DetectMessageEnd"
    voicemail_delivers: bool = False
    heard_after: timedelta = timedelta(seconds=5)
    ring: timedelta = timedelta(seconds=30)
    call_gap: timedelta = timedelta(minutes=3)


# The Twiml parameter takes 4,000 characters; the text stands in it twice, with what is around it.
MAX_TWIML = 4_000
_MAX_CHARS = 1_500


def capabilities(settings: TwilioVoiceSettings) -> Capabilities:
    """Twilio has no idempotency key for calls and cannot be asked by our id; its callbacks quote
    the attempt, since it stands in the address they go to."""
    return Capabilities(
        channel="voice",
        confirms=Confirms.ACTED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        max_chars=_MAX_CHARS,
        latency=timedelta(minutes=1),
        per_number_hour=settings.per_number_hour,
        **settings.shared(),
    )
