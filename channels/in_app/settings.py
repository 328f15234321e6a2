"""What in-app messages need to be told, and what the planner may expect of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain


@dataclass(frozen=True, slots=True)
class InAppSettings:
    """`receipts_secret` signs what our own inbox says: a customer read a message."""

    receipts_secret: str = field(repr=False)
    name: str = "in_app"


# What a phone's inbox shows without scrolling for ever; longer ones are a template's mistake.
_MAX_CHARS = 4_000


def capabilities(settings: InAppSettings) -> Capabilities:
    """No call, so nothing to pace: the rate is what one gate's transaction writes."""
    return Capabilities(
        channel="in_app",
        confirms=Confirms.READ,
        idempotent=True,
        when_uncertain=WhenUncertain.RESEND,
        rate_per_s=100_000.0,
        concurrency=500,
        timeout=timedelta(seconds=1),
        max_chars=_MAX_CHARS,
        cost_minor=0,
    )
