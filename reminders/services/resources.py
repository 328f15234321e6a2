"""What the use-cases work with: opened once per process by an entry point and passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from redis import Redis
from sqlalchemy import Engine

from channels.fleet import Fleet
from reminders.domain.case import NO_PROVIDER
from reminders.domain.customer import ChannelName
from reminders.ledger.cipher import KeyRing
from reminders.messages.templates import TemplateSet
from reminders.services.approvals import Approvals
from reminders.services.clock import Clock
from reminders.services.links import PayLinks
from reminders.services.policy.book import PolicyBook
from reminders.services.preferences.passes import PreferenceLinks

__all__ = ["Limits", "PolicyBook", "Resources", "Silent", "Wake", "down_now", "missing"]


class Wake(Protocol):
    """Sends the task that does work which a commit has made due. Losing it only delays."""

    def evaluate(self) -> None:
        """Customers changed."""

    def deliver(self, lane: str) -> None:
        """Reminders of this lane are due."""


class Silent:
    """Wakes nobody: the next sweep finds the work."""

    def evaluate(self) -> None:
        pass

    def deliver(self, lane: str) -> None:
        pass


@dataclass(frozen=True)
class Limits:
    """Sizes and times of the machine clock that the settings rule."""

    batch: int = 500
    lease: timedelta = timedelta(seconds=60)
    gate_to_call_max: timedelta = timedelta(seconds=1)
    history: timedelta = timedelta(days=400)
    channel_down_after: timedelta = timedelta(seconds=60)  # of failing: then it is an incident
    run_for: timedelta = timedelta(seconds=30)  # a task that is not done by then sends the next


@dataclass(frozen=True)
class Resources:
    """One process's open connections and loaded files."""

    engine: Engine
    redis: Redis
    ring: KeyRing
    clock: Clock
    book: PolicyBook
    templates: TemplateSet
    fleet: Fleet  # every provider, by channel
    lender: str
    pay_url: str
    preference_links: PreferenceLinks | None = None  # None: customers find it under `pay_url`
    pay_links: PayLinks | None = None  # None: a message shows the lender's own address
    brands: Mapping[str, str] = field(default_factory=dict)  # product → brand of its messages
    collects_for_others: bool = False  # then messages say so where a pack demands it
    approvals: Approvals | None = None  # None: nothing that needs an approval is sent
    limits: Limits = field(default_factory=Limits)
    wake: Wake = field(default_factory=Silent)

    def since(self, now: datetime) -> date:
        """Bills due before this day are history."""
        return (now - self.limits.history).date()


def missing(resources: Resources) -> dict[str, str]:
    """Channels that no provider serves."""
    by_channel = resources.fleet.by_channel
    return {channel.value: NO_PROVIDER for channel in ChannelName if channel not in by_channel}


def down_now(resources: Resources) -> dict[str, str]:
    """Channels that take nothing now, and why: no provider, or none that works."""
    return missing(resources) | resources.fleet.down()
