"""What a WhatsApp Business number needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain

GRAPH_URL = "https://graph.facebook.com"


@dataclass(frozen=True, slots=True)
class WhatsappSettings:
    """`receipts_secret` is the app's secret, which signs webhooks.

    `templates`: a template's name by `kind/language`, `kind`, `*/language` or `*`; `parameters`, by
    the same names: the words that fill its body, in order, `text` where there is no entry.
    `languages`: WhatsApp's codes for ours, where they differ by more than `zh-CN` from `zh_CN`.
    """

    phone_number_id: str
    token: str = field(repr=False)
    receipts_secret: str = field(repr=False)
    templates: Mapping[str, str]
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    name: str = "whatsapp"
    base_url: str = GRAPH_URL
    version: str = "v23.0"
    weight: float = 1.0
    prefixes: tuple[str, ...] = ()
    rate_per_s: float = 80.0  # a number's first throughput (Meta, "Throughput")
    concurrency: int = 40
    timeout: timedelta = timedelta(seconds=10)
    cost_minor: int = 0


# A body parameter has 1,024 characters at most, as has the body itself (Meta, "Templates").
_MAX_CHARS = 1_024


def capabilities(settings: WhatsappSettings) -> Capabilities:
    """Receipts quote our attempt id also after an answer was lost: they are worth waiting for."""
    return Capabilities(
        channel="whatsapp",
        confirms=Confirms.READ,
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
