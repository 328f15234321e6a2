"""What webhooks need to be told, and what the planner may expect of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`secrets`: whsec_… keys, newest first, as a list or as one text with spaces between. Every
    one signs, so that receivers may change theirs while both are given.

    `allow_private` lets posts go to http and to private addresses: for a sandbox alone.
    """

    secrets: str | tuple[str, ...] = field(repr=False)
    name: str = "webhook"
    source: str = "reminders"  # what receivers read as the sender
    weight: float = 1.0
    cost_minor: int = 0
    prefixes: tuple[str, ...] = ()
    rate_per_s: float = 100.0
    concurrency: int = 50
    per_host: int = 5  # one slow receiver holds up to so many of them
    timeout: timedelta = timedelta(seconds=10)
    allow_private: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        given = self.secrets.split() if isinstance(self.secrets, str) else self.secrets
        return tuple(given)


_MAX_CHARS = 20_000  # Standard Webhooks asks for small payloads: 20 kB


def capabilities(settings: WebhookSettings) -> Capabilities:
    """A 2xx is all that a receiver ever says; a second post of one id is known by its id."""
    return Capabilities(
        channel="webhook",
        confirms=Confirms.ACCEPTED,
        idempotent=True,
        when_uncertain=WhenUncertain.RESEND,
        rate_per_s=settings.rate_per_s,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        max_chars=_MAX_CHARS,
        cost_minor=settings.cost_minor,
        latency=timedelta(0),
        weight=settings.weight,
        prefixes=settings.prefixes,
    )
