"""What a Twilio account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings

BASE_URL = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class TwilioSettings(ProviderSettings):
    """One account. Exactly one of `sender` (a number of ours, or a name) and
    `messaging_service_sid` says who writes.

    `receipts_url` is the whole public address of our door for this provider, as Twilio is told
    it and signs it: `https://bills.example.com/v1/receipts/twilio`.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    receipts_url: str
    _: KW_ONLY
    name: str = "twilio"
    cost_minor: int = 6
    sender: str = ""
    messaging_service_sid: str = ""
    base_url: str = BASE_URL


# The REST API takes 1,600 characters in a body (error 21617).
_MAX_CHARS = 1600


def capabilities(settings: TwilioSettings) -> Capabilities:
    """Twilio has no idempotency key for messages and cannot be asked by our id; its callbacks
    quote the attempt, since it stands in the address they go to."""
    return Capabilities(
        channel="sms",
        confirms=Confirms.DELIVERED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        max_chars=_MAX_CHARS,
        **settings.shared(),
    )
