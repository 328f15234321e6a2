"""What a Tencent Cloud account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.sms.approved_account import ApprovedSettings

BASE_URL = "https://sms.tencentcloudapi.com"
# PhoneNumberSet takes 200 numbers (cloud.tencent.com/document/api/382/55981).
MOST_IN_BATCH = 200


@dataclass(frozen=True, slots=True)
class TencentSettings(ApprovedSettings):
    """One application with one signature.

    One call carries one text: `batch` above 1 helps only where several customers get the same
    words, such as a notice without amounts.
    """

    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    _: KW_ONLY
    name: str = "tencent"
    base_url: str = BASE_URL
    region: str = "ap-guangzhou"


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
        max_chars=_MAX_CHARS,
        batch=settings.batch,
        quotes_ref=True,
        per_number_hour=settings.per_number_hour,
        **settings.shared(),
    )
