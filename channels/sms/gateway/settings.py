"""What an SMS gateway account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class SmsSettings(ProviderSettings):
    """One account at one gateway. `base_url` without a trailing slash."""

    base_url: str
    token: str = field(repr=False)
    receipts_secret: str = field(repr=False)
    _: KW_ONLY
    name: str = "sms"
    rate_per_s: float = 200.0
    cost_minor: int = 5


# Ten concatenated UCS-2 segments of 67 characters (3GPP TS 23.038, 23.040): longer ones are a
# mistake in a template, not a message.
_MAX_CHARS = 670


def capabilities(settings: SmsSettings) -> Capabilities:
    return Capabilities(
        channel="sms",
        confirms=Confirms.DELIVERED,
        idempotent=True,
        when_uncertain=WhenUncertain.ASK,
        max_chars=_MAX_CHARS,
        **settings.shared(),
    )
