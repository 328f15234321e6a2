"""What Apprise needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """`schemes`: the only services that addresses may name (slack, tgram …); empty: all that are
    not denied. Naming them is the safer choice. `allow_private`: for a sandbox alone.

    There is no `base_url`: each address names its service.
    """

    name: str = "apprise"
    schemes: tuple[str, ...] = ()
    weight: float = 1.0
    cost_minor: int = 0
    prefixes: tuple[str, ...] = ()
    rate_per_s: float = 10.0
    concurrency: int = 8  # threads: the library blocks
    timeout: timedelta = timedelta(seconds=15)
    allow_private: bool = False


_MAX_CHARS = 2_000  # the library cuts longer ones to what each service takes


def capabilities(settings: AppriseSettings) -> Capabilities:
    """The library answers yes or no, and nothing comes back from a service."""
    return Capabilities(
        channel="apprise",
        confirms=Confirms.ACCEPTED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        rate_per_s=settings.rate_per_s,
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        max_chars=_MAX_CHARS,
        cost_minor=settings.cost_minor,
        latency=timedelta(0),
        weight=settings.weight,
        prefixes=settings.prefixes,
    )
