"""What tasks for people need to be told, and what the planner may expect of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from channels.contract import Capabilities, Confirms, WhenUncertain


@dataclass(frozen=True, slots=True)
class HumanTaskSettings:
    """`receipts_secret` signs what a ticket system of the lender's posts; without one only our
    own queue says that a task is done. `cost_minor` is what a person's time for one costs."""

    receipts_secret: str = field(default="", repr=False)
    name: str = "human_task"
    cost_minor: int = 0


_MAX_CHARS = 4_000  # what a person reads before calling


def capabilities(settings: HumanTaskSettings) -> Capabilities:
    """No call, so nothing to pace: the rate is what one gate's transaction writes."""
    return Capabilities(
        channel="human_task",
        confirms=Confirms.ACTED,
        idempotent=True,
        when_uncertain=WhenUncertain.RESEND,
        rate_per_s=100_000.0,
        concurrency=500,
        timeout=timedelta(seconds=1),
        max_chars=_MAX_CHARS,
        cost_minor=settings.cost_minor,
        latency=timedelta(hours=4),
    )
