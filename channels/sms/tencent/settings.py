"""What a Tencent Cloud account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain

BASE_URL = "https://sms.tencentcloudapi.com"
# PhoneNumberSet takes 200 numbers (cloud.tencent.com/document/api/382/55981).
MOST_IN_BATCH = 200


@dataclass(frozen=True, slots=True)
class TencentSettings:
    """One application with one signature. `receipts_secret` is the key in the address that
    Tencent is told to call: it signs nothing itself.

    One call carries one text: `batch` above 1 helps only where several customers get the same
    words, such as a notice without amounts.
    """

    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    sign_name: str
    templates: Mapping[str, str]
    receipts_secret: str = field(repr=False)
    template_params: tuple[str, ...] = ()
    params_of_template: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    region: str = "ap-guangzhou"
    name: str = "tencent"
    base_url: str = BASE_URL
    weight: float = 1.0
    cost_minor: int = 5
    prefixes: tuple[str, ...] = ("+86",)
    batch: int = 1
    rate_per_s: float = 500.0
    concurrency: int = 50
    timeout: timedelta = timedelta(seconds=10)
    per_number_hour: int | None = None


# cloud.tencent.com/document/product/382/18058: at most 500 characters, signature included.
_MAX_CHARS = 500


def capabilities(settings: TencentSettings) -> Capabilities:
    """Its receipts quote only its own number (`sid`), so one whose call was never answered is
    nobody's: it waits, and the next rung takes over."""
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
        quotes_ref=True,
        per_number_hour=settings.per_number_hour,
    )
