"""A seeded portfolio of the shape of the real one, for where the file is not at hand."""

from __future__ import annotations

from reminders.services.demo.card_rows import MONTHS, CardRow
from reminders.services.demo.chance import Chance
from reminders.services.demo.lives import portfolio_of
from reminders.services.demo.more_channels import Receivers
from reminders.services.demo.places import CURRENCIES
from reminders.services.demo.portfolio import Portfolio

# Shares of the 91,271 bill and payment pairs of the real file: in full 22,957, in part 60,557,
# not at all 7,757; here by client, since a client's habit hardly changes from month to month.
_HABITS = (("full", 0.27), ("partial", 0.58), ("above", 0.04), ("none", 0.11))
_LATE_SHARE = 0.14
_ZERO_SHARE = 0.08


def generated(customers: int, seed: int, receivers: Receivers | None = None) -> Portfolio:
    """`customers` invented clients with six monthly statements each."""
    chance = Chance(seed)
    rows = [_row(chance, client) for client in range(1, customers + 1)]
    return portfolio_of("generated", rows, seed, CURRENCIES, receivers)


def _row(chance: Chance, client: int) -> CardRow:
    limit = 1_000 * chance.between(10, 500, "limit", client)
    bills = tuple(_bill(chance, client, month, limit) for month in MONTHS)
    habit = _habit(chance.share("habit", client))
    latecomer = chance.share("latecomer", client) < 2 * _LATE_SHARE
    statuses = tuple(
        2 if latecomer and chance.share("late", client, month) < 0.5 else 0 for month in MONTHS
    )
    before = (_bill(chance, client, MONTHS[0] - 1, limit), *bills[:-1])
    payments = tuple(
        _payment(chance, client, month, habit, owed)
        for month, owed in zip(MONTHS, before, strict=True)
    )
    return CardRow(client=client, statuses=statuses, bills=bills, payments=payments)


def _bill(chance: Chance, client: int, month: int, limit: int) -> int:
    if chance.share("zero", client, month) < _ZERO_SHARE:
        return 0
    return 1 + int(limit * chance.share("used", client, month) * 0.9)


def _habit(drawn: float) -> str:
    for habit, share in _HABITS:
        if drawn < share:
            return habit
        drawn -= share
    return "none"


def _payment(chance: Chance, client: int, month: int, habit: str, owed: int) -> int:
    strays = chance.share("strays", client, month) < 0.1
    if habit == "none" and not strays:
        return 0
    if habit == "full" and not strays:
        return owed
    if habit == "above":
        return owed + chance.between(1, 500, "above", client, month)
    return int(owed * (0.01 + 0.5 * chance.share("part", client, month)))
