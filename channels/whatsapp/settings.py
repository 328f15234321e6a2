"""What a WhatsApp Business number needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings

GRAPH_URL = "https://graph.facebook.com"


@dataclass(frozen=True, slots=True)
class WhatsappSettings(ProviderSettings):
    """`receipts_secret` is the app's secret, which signs webhooks; `verify_token` is the word that
    we make up for its webhook, by which Meta asks whether the address is ours.

    `templates`: a template's name by `kind/language`, `kind`, `*/language` or `*`; `parameters`, by
    the same names: the words that fill its body, in order, `text` where there is no entry.
    `languages`: WhatsApp's codes for ours, where they differ by more than `zh-CN` from `zh_CN`.
    """

    phone_number_id: str
    token: str = field(repr=False)
    receipts_secret: str = field(repr=False)
    templates: Mapping[str, str]
    _: KW_ONLY
    name: str = "whatsapp"
    rate_per_s: float = 80.0  # a number's first throughput (Meta, "Throughput")
    concurrency: int = 40
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    verify_token: str = field(default="", repr=False)
    base_url: str = GRAPH_URL
    version: str = "v23.0"


# A body parameter has 1,024 characters at most, as has the body itself (Meta, "Templates").
_MAX_CHARS = 1_024


def capabilities(settings: WhatsappSettings) -> Capabilities:
    """Receipts quote our attempt id also after an answer was lost: they are worth waiting for."""
    return Capabilities(
        channel="whatsapp",
        confirms=Confirms.READ,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        max_chars=_MAX_CHARS,
        **settings.shared(),
    )
