"""What an Aliyun account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain

BASE_URL = "https://dysmsapi.aliyuncs.com"
# OutId takes 255 characters and is one for a whole call (SendBatchSms takes 100 numbers): as many
# messages share a call as it can name attempts (see `out_id`).
MOST_IN_BATCH = 10


@dataclass(frozen=True, slots=True)
class AliyunSettings:
    """One access key with one signature. `receipts_secret` is the key in the address that Aliyun
    is told to call: it signs nothing itself."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    templates: Mapping[str, str]
    receipts_secret: str = field(repr=False)
    template_params: tuple[str, ...] = ()
    params_of_template: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = "aliyun"
    base_url: str = BASE_URL
    weight: float = 1.0
    cost_minor: int = 5
    prefixes: tuple[str, ...] = ("+86",)
    batch: int = MOST_IN_BATCH
    rate_per_s: float = 500.0
    concurrency: int = 50
    timeout: timedelta = timedelta(seconds=10)
    per_number_hour: int | None = None


# help.aliyun.com 44335: at most 500 characters, signature included.
_MAX_CHARS = 500


def capabilities(settings: AliyunSettings) -> Capabilities:
    """No idempotency key (help.aliyun.com 102364 says so), and nothing can be asked by OutId;
    receipts quote it, even those of a call whose answer was lost."""
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
        batch=settings.batch,
        per_number_hour=settings.per_number_hour,
    )
