"""What came of a life: every plan, decision, hand-off and end, in the order in which they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from reminders.domain.decision import Decision
from reminders.domain.kinds import MessageKind
from reminders.services.snapshot import Snapshot
from tests.invariants.life import Answer, Life


class Key(NamedTuple):
    """A reminder."""

    who: str
    bill: str
    stage: str
    epoch: int


@dataclass(frozen=True, slots=True)
class HandOff:
    """One message given to a carrier, or one more bill that another's message carried along.

    `point`: what stands for the address; `left`: the carrier did not surely refuse it.
    """

    key: Key
    kind: MessageKind  # the stage's: what the text says may have changed with the day
    channel: str
    number: int
    amount: int
    at: datetime
    point: str
    leads: bool
    left: bool
    answer: Answer


@dataclass(frozen=True, slots=True)
class Planned:
    """A reminder as it was last planned, and since when that is known."""

    kind: MessageKind
    due_at: datetime
    expires_at: datetime
    flag: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    key: Key
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """One decision; `seen` is what it was made from."""

    key: Key
    at: datetime
    decision: Decision
    seen: Snapshot


@dataclass(slots=True)
class Trace:
    """`worked` are the instants at which somebody did."""

    life: Life
    planned: dict[Key, Planned] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    handed: list[HandOff] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    worked: list[datetime] = field(default_factory=list)
