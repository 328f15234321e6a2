"""What an Aliyun account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.sms.approved_account import ApprovedSettings

BASE_URL = "https://dysmsapi.aliyuncs.com"
# OutId takes 255 characters and is one for a whole call (SendBatchSms takes 100 numbers): as many
# messages share a call as it can name attempts (see `out_id`).
MOST_IN_BATCH = 10


@dataclass(frozen=True, slots=True)
class AliyunSettings(ApprovedSettings):
    """One access key with one signature."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    _: KW_ONLY
    name: str = "aliyun"
    base_url: str = BASE_URL
    batch: int = MOST_IN_BATCH


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
        max_chars=_MAX_CHARS,
        batch=settings.batch,
        per_number_hour=settings.per_number_hour,
        **settings.shared(),
    )
