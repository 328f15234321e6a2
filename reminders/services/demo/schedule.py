"""When each event is published: shuffled within its day, a tenth of them twice, a few broken."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from reminders.services.demo.chance import Chance
from reminders.services.demo.portfolio import Portfolio, WrittenEvent

# UTC. 02:00 is 10:00 in Taipei, the hour of every stage: payments come before, at and after it.
# All are after the first hour of the day, in which the facts lie: nothing is told ahead of time.
SLOTS = (time(1), time(2), time(6))
_TWICE = 10
_ODD_SHARE = 0.001
_FEWEST_ODD = 3
_MOST_ODD = 20
_HEAD = b'{"specversion":"1.0","id":"broken-%d","source":"/demo-bank/billing","time":'
_BROKEN = (
    b"{",
    b"\xff\xfe\xfa",
    b"[]",
    _HEAD + b'"2005-04-01T00:00:00Z","type":"bill.eaten","data":{"customer_id":"C-1"}}',
    _HEAD + b'"yesterday","type":"hold.lifted","data":{"customer_id":"C-1","hold_id":"H-1"}}',
)


@dataclass(slots=True)
class Slot:
    """What is published at one business instant, in this order; the counts say what to expect."""

    at: datetime
    events: list[bytes] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    malformed: int = 0


@dataclass(frozen=True, slots=True)
class _Entry:
    slot: int
    order: int
    body: bytes
    kind: str  # "", or the count of `Slot` that it adds to


def schedule(portfolio: Portfolio, seed: int, slots: Sequence[time] = SLOTS) -> Iterator[Slot]:
    """The portfolio's events slot by slot, and with them duplicates, conflicts and broken ones.

    A duplicate comes in the same slot or later, at most a day after; a conflict (same id, other
    content) comes on the day after the event whose id it takes, so which one counts is certain.
    """
    chance = Chance(seed)
    odd = _odd_ones(portfolio, chance)
    later: dict[date, list[_Entry]] = {}
    numbered = enumerate(portfolio.events)
    days = groupby(numbered, key=lambda pair: pair[1].at.date())
    last: date | None = None
    for day, todays in days:
        if last is not None:
            yield from _left_over(later, last, day, slots)
        entries = later.pop(day, [])
        for n, event in todays:
            entries += _entries(n, event, day, len(slots), chance, odd, later)
        yield from _slots(day, entries, slots)
        last = day
    if last is not None:
        yield from _left_over(later, last, date.max, slots)


def published_line(at: datetime, machine: float, body: bytes) -> bytes:
    """One line of `published.jsonl`; what is no JSON is noted as `malformed` only."""
    head = b'{"machine":%.6f,"at":"%s",' % (machine, at.isoformat().encode())
    try:
        json.loads(body)
    except ValueError:
        return head + b'"malformed":true}\n'
    return head + b'"event":' + body + b"}\n"


def _odd_ones(portfolio: Portfolio, chance: Chance) -> set[int]:
    """Which events have a conflict and a broken one behind them: payments, some."""
    count = round(_ODD_SHARE * len(portfolio.customers))
    payments = [
        n for n, event in enumerate(portfolio.events) if b'"payment.received"' in event.body
    ]
    drawn = chance.shuffled(payments, "odd")
    return set(drawn[: min(_MOST_ODD, max(_FEWEST_ODD, count))])


def _entries(
    n: int,
    event: WrittenEvent,
    day: date,
    slots: int,
    chance: Chance,
    odd: set[int],
    later: dict[date, list[_Entry]],
) -> Iterator[_Entry]:
    slot, order = chance.number("slot", n) % slots, chance.number("order", n)
    yield _Entry(slot, order, event.body, "")
    tomorrow = later.setdefault(day + timedelta(days=1), [])
    if chance.number("twice", n) % _TWICE == 0:
        again = chance.between(slot, 2 * slots - 1, "again", n)
        if again < slots:
            yield _Entry(
                again, max(order + 1, chance.number("behind", n)), event.body, "duplicates"
            )
        else:
            tomorrow.append(_Entry(again - slots, order, event.body, "duplicates"))
    if n in odd:
        tomorrow.append(_Entry(slot, order, _conflicting(event), "conflicts"))
        broken = chance.pick(_BROKEN, "broken", n)
        body = broken % n if b"%d" in broken else broken
        tomorrow.append(_Entry(slot, order + 1, body, "malformed"))


def _conflicting(event: WrittenEvent) -> bytes:
    found = event.event
    found["data"]["amount_minor"] += 100
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


def _left_over(
    later: dict[date, list[_Entry]], after: date, before: date, slots: Sequence[time]
) -> Iterator[Slot]:
    for day in sorted(day for day in later if after < day < before):
        yield from _slots(day, later.pop(day), slots)


def _slots(day: date, entries: Iterable[_Entry], slots: Sequence[time]) -> Iterator[Slot]:
    ordered = sorted(entries, key=lambda entry: (entry.slot, entry.order, entry.kind))
    for number, group in groupby(ordered, key=lambda entry: entry.slot):
        slot = Slot(datetime.combine(day, slots[number], UTC))
        for entry in group:
            slot.events.append(entry.body)
            if entry.kind:
                setattr(slot, entry.kind, getattr(slot, entry.kind) + 1)
        yield slot
