"""Everything that operations look at first, in one look: for the operations page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reminders.domain.human_task import Task, TaskKind
from reminders.ledger import backlog, dead_letters, open_questions, tasks, unreachable
from reminders.ledger.backlog import Due
from reminders.ledger.open_questions import DoubleContact
from reminders.services import incidents
from reminders.services import open_questions as questions
from reminders.services.incidents import Status
from reminders.services.open_questions import DOUBLES_WITHIN, OpenQuestion
from reminders.services.resources import Resources

SHOWN = 20  # rows of each list; its command lists them all


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider and how much of its weight it is given, 0 to 1."""

    name: str
    channel: str
    share: float
    reason: str


@dataclass(frozen=True, slots=True)
class Overview:
    """How the system stands at `now`. Lists are short, counts are whole."""

    now: datetime
    status: Status
    providers: Sequence[Provider]
    due: Due
    uncertain: Sequence[OpenQuestion]
    uncertain_count: int
    unreachable: Sequence[Task]
    unreachable_count: int
    tasks: Mapping[TaskKind, tuple[int, int]]
    doubles: Sequence[DoubleContact]
    double_count: int
    dead: Mapping[str, int]
    inbound: int
    parked: int


def overview(resources: Resources) -> Overview:
    """Look everywhere once. Raises what the ledger and Redis raise."""
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        due = backlog.due(connection, now)
        uncertain_count = open_questions.count_uncertain(connection, now)
        double_count = open_questions.count_doubles(connection, now, DOUBLES_WITHIN)
        unreachable_count = unreachable.customers(connection)
        nobody = tasks.pending(connection, SHOWN, TaskKind.UNREACHABLE)
        counts = tasks.counts(connection, now)
        dead = dead_letters.open_counts(connection)
        inbound, parked = backlog.inbound_open(connection), backlog.parked(connection)
    return Overview(
        now=now,
        status=incidents.status(resources),
        providers=_providers(resources),
        due=due,
        uncertain=questions.uncertain(resources, SHOWN),
        uncertain_count=uncertain_count,
        unreachable=nobody,
        unreachable_count=unreachable_count,
        tasks=counts,
        doubles=questions.doubles(resources, SHOWN),
        double_count=double_count,
        dead=dead,
        inbound=inbound,
        parked=parked,
    )


def _providers(resources: Resources) -> list[Provider]:
    fleet = resources.fleet
    standings = fleet.health.standings(tuple(fleet.by_name))
    found = []
    for channel, providers in fleet.by_channel.items():
        for each in providers:
            standing = standings.get(each.name)
            share, reason = (standing.share, standing.reason) if standing else (1.0, "")
            found.append(Provider(each.name, channel, share, reason))
    return found
