"""A fitted card as YAML that a person can review: beside each bin, who was in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reminders.domain.scorecard import Characteristic, RiskCard
from reminders.services.risk.history import Mask, Numbers
from reminders.services.risk.observed import Table
from reminders.services.risk.points import points, tiers
from reminders.services.risk.steps import DOUBLING, EVEN

_WIDTH = 30


def card_text(card: RiskCard, table: Table, defaulted: Mask, seed: int) -> str:
    """The file of a card, with the counts and default rates of the customers it is fitted to."""
    return "\n".join(_lines(card, table, defaulted, seed)) + "\n"


def _lines(card: RiskCard, table: Table, defaulted: Mask, seed: int) -> Iterator[str]:
    yield f"# Fitted by `reminders risk fit --seed {seed}`"
    yield f"# to {_who(np.ones(len(defaulted), dtype=np.bool_), defaulted)}."
    yield f"# Points rise with risk: {DOUBLING} more double the odds; {EVEN} are even odds,"
    yield "# if such customers default as these did. Each bin counts from its bound to the next;"
    yield "# beside it stand the customers in it, and how many of them defaulted."
    yield f"name: {card.name}"
    yield f"version: {card.version}"
    yield f"base: {card.base}"
    yield "characteristics:"
    for each in card.characteristics:
        yield from _characteristic(each, table[each.feature], defaulted)
    yield "tiers:  # beside each: the same customers, whom this card has seen"
    place = tiers(card, points(card, table))
    for at, (least, tier) in enumerate(card.tiers):
        yield _beside(f"  - [{least}, {tier}]", _who(place == at, defaulted))
    yield f"hysteresis: {card.hysteresis}"


def _characteristic(each: Characteristic, values: Numbers, defaulted: Mask) -> Iterator[str]:
    yield f"  - feature: {each.feature}"
    yield "    bins:"
    uppers = [bound for bound, _ in each.bins[1:]] + [np.inf]
    for at, ((least, worth), upper) in enumerate(zip(each.bins, uppers, strict=True)):
        inside = (values < upper) & ((values >= least) | (at == 0))
        yield _beside(f"      - [{least:.10g}, {worth}]", _who(inside, defaulted))
    yield _beside(f"    missing: {each.missing}", _who(np.isnan(values), defaulted))


def _beside(line: str, comment: str) -> str:
    return f"{line:{_WIDTH}}  # {comment}"


def _who(members: Mask, defaulted: Mask) -> str:
    count = int(members.sum())
    if count == 0:
        return "no customer"
    return f"{count:,} customers, {defaulted[members].mean():.1%} defaulted"
