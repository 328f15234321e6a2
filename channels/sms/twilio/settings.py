"""What a Twilio account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain

BASE_URL = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class TwilioSettings:
    """One account. Exactly one of `sender` (a number of ours, or a name) and
    `messaging_service_sid` says who writes.

    `receipts_url` is the whole public address of our door for this provider, as Twilio is told
    it and signs it: `https://bills.example.com/v1/receipts/twilio`.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    receipts_url: str
    sender: str = ""
    messaging_service_sid: str = ""
    name: str = "twilio"
    base_url: str = BASE_URL
    weight: float = 1.0
    cost_minor: int = 6
    prefixes: tuple[str, ...] = ()
    rate_per_s: float = 100.0
    concurrency: int = 50
    timeout: timedelta = timedelta(seconds=10)


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
        rate_per_s=settings.rate_per_s,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        max_chars=_MAX_CHARS,
        cost_minor=settings.cost_minor,
        weight=settings.weight,
        prefixes=settings.prefixes,
    )
