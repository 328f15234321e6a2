"""What push accounts need to be told, and what the planner may expect of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain

FCM_URL = "https://fcm.googleapis.com"
APNS_URL = "https://api.push.apple.com"  # apps built for development: api.sandbox.push.apple.com


@dataclass(frozen=True, slots=True)
class PushSettings:
    """Accounts at both platforms; one of them may be left out, its devices are then refused.

    `fcm_service_account` is the text of the JSON file that Firebase gives; its `token_uri` is where
    access tokens come from. `apns_key` is the text of Apple's `.p8` file. `app_reports`: the
    lender's app tells our door what was shown, read and followed, signed by `receipts_secret`.
    """

    name: str = "push"
    fcm_service_account: str = field(default="", repr=False)
    fcm_base_url: str = FCM_URL
    apns_key: str = field(default="", repr=False)
    apns_key_id: str = ""
    apns_team_id: str = ""
    apns_topic: str = ""  # the app's bundle id
    apns_base_url: str = APNS_URL
    app_reports: bool = False
    receipts_secret: str = field(default="", repr=False)
    weight: float = 1.0
    prefixes: tuple[str, ...] = ()
    rate_per_s: float = 500.0
    concurrency: int = 100
    timeout: timedelta = timedelta(seconds=10)
    cost_minor: int = 0


# Both platforms take 4,096 bytes with everything around the text; a character of Chinese has three.
_MAX_CHARS = 1_000


def capabilities(settings: PushSettings) -> Capabilities:
    """Neither platform says what became of a push: only the app can."""
    return Capabilities(
        channel="push",
        confirms=Confirms.READ if settings.app_reports else Confirms.ACCEPTED,
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
