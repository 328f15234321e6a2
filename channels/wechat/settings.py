"""What a WeChat service account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings

WECHAT_URL = "https://api.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class WechatSettings(ProviderSettings):
    """`receipts_secret` is the token (令牌) of the account's server settings, `encoding_aes_key`
    their key of the encrypted mode (安全模式); without it posts come as plain text.

    `templates`: a template's id by `kind/language`, `kind`, `*/language` or `*`. `fields`, by the
    same names: the template's fields and the words that fill them, such as `amount2: amount`;
    without an entry the message's words go in under their own names.
    """

    app_id: str
    app_secret: str = field(repr=False)
    receipts_secret: str = field(repr=False)
    templates: Mapping[str, str]
    _: KW_ONLY
    name: str = "wechat"
    rate_per_s: float = 50.0
    concurrency: int = 20
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encoding_aes_key: str = field(default="", repr=False)
    base_url: str = WECHAT_URL


def capabilities(settings: WechatSettings) -> Capabilities:
    """A receipt names WeChat's id alone, which a lost answer never told us: so after silence there
    is nothing to match it by, and the next rung follows."""
    return Capabilities(
        channel="wechat",
        confirms=Confirms.DELIVERED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        quotes_ref=True,
        **settings.shared(),
    )
