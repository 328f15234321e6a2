"""What webhooks need to be told, and what the planner may expect of them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class WebhookSettings(ProviderSettings):
    """`secrets`: whsec_… keys, newest first, as a list or as one text with spaces between. Every
    one signs, so that receivers may change theirs while both are given.

    `own_keys`: each receiver has keys of its own, made of these and its address
    (`python -m channels.webhook`); without it whoever knows them can sign for all.

    `allow_private` lets posts go to http and to private addresses: for a sandbox alone.
    """

    secrets: str | tuple[str, ...] = field(repr=False)
    _: KW_ONLY
    name: str = "webhook"
    source: str = "reminders"  # what receivers read as the sender
    per_host: int = 5  # one slow receiver holds up to so many of them
    own_keys: bool = False
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
        max_chars=_MAX_CHARS,
        latency=timedelta(0),
        **settings.shared(),
    )
