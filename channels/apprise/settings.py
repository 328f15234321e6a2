"""What Apprise needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.provider_settings import ProviderSettings


@dataclass(frozen=True, slots=True)
class AppriseSettings(ProviderSettings):
    """`schemes`: the only services that addresses may name (slack, tgram …); empty: all that are
    not denied. Naming them is the safer choice. `allow_private`: for a sandbox alone.

    There is no `base_url`: each address names its service.
    """

    _: KW_ONLY
    name: str = "apprise"
    rate_per_s: float = 10.0
    concurrency: int = 8  # threads: the library blocks
    timeout: timedelta = timedelta(seconds=15)
    schemes: tuple[str, ...] = ()
    allow_private: bool = False


_MAX_CHARS = 2_000  # the library cuts longer ones to what each service takes


def capabilities(settings: AppriseSettings) -> Capabilities:
    """The library answers yes or no, and nothing comes back from a service."""
    return Capabilities(
        channel="apprise",
        confirms=Confirms.ACCEPTED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        max_chars=_MAX_CHARS,
        latency=timedelta(0),
        **settings.shared(),
    )
