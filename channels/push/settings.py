"""What push accounts need to be told, and what the planner may expect of them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings

FCM_URL = "https://fcm.googleapis.com"
APNS_URL = "https://api.push.apple.com"  # apps built for development: api.sandbox.push.apple.com


@dataclass(frozen=True, slots=True)
class PushSettings(ProviderSettings):
    """Accounts at both platforms; one of them may be left out, its devices are then refused.

    `fcm_service_account` is the text of the JSON file that Firebase gives; its `token_uri` is where
    access tokens come from. `apns_key` is the text of Apple's `.p8` file. `app_reports`: the
    lender's app tells our door what was shown, read and followed, signed by `receipts_secret`.
    """

    _: KW_ONLY
    name: str = "push"
    rate_per_s: float = 500.0
    concurrency: int = 100
    fcm_service_account: str = field(default="", repr=False)
    fcm_base_url: str = FCM_URL
    apns_key: str = field(default="", repr=False)
    apns_key_id: str = ""
    apns_team_id: str = ""
    apns_topic: str = ""  # the app's bundle id
    apns_base_url: str = APNS_URL
    app_reports: bool = False
    receipts_secret: str = field(default="", repr=False)


# Both platforms take 4,096 bytes with everything around the text; a character of Chinese has three.
_MAX_CHARS = 1_000


def capabilities(settings: PushSettings) -> Capabilities:
    """Neither platform says what became of a push: only the app can."""
    return Capabilities(
        channel="push",
        confirms=Confirms.READ if settings.app_reports else Confirms.ACCEPTED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        max_chars=_MAX_CHARS,
        **settings.shared(),
    )
