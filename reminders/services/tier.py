"""Why a customer has their tier: the points line by line, their sum, and what would change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reminders.domain.identity import customer_id
from reminders.domain.policy import Policy
from reminders.domain.risk import Assessment, Points
from reminders.domain.scorecard import RiskCard
from reminders.domain.tier import Tier
from reminders.domain.warning import EarlyWarning, warnings
from reminders.ledger import facts
from reminders.ledger.errors import LedgerError
from reminders.ledger.facts import Facts
from reminders.services.judging import judge
from reminders.services.resources import Resources
from reminders.services.wording import local


@dataclass(frozen=True, slots=True)
class Tiered:
    """One customer's assessment at `at` by the card of `policy`. `warnings`: in force or ahead."""

    ref: str
    zone: str
    at: datetime
    policy: str
    card: RiskCard
    assessment: Assessment
    warnings: tuple[EarlyWarning, ...]


def why(resources: Resources, ref: str, at: datetime | None = None) -> Tiered:
    """The tier of a customer at `at` (default: now) from what is known now.

    Facts that took effect after `at` do not count. Raises `LedgerError` if nobody is called so.
    """
    now = resources.clock.now() if at is None else at
    number = customer_id(ref)
    engine = resources.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        known = facts.load(connection, [number], resources.since(now)).get(number)
    if known is None or known.customer.ref != ref:
        raise LedgerError(f"no customer is called {ref}")
    return tiered(known, resources.book.active, now)


def tiered(known: Facts, policy: Policy, at: datetime) -> Tiered:
    """The same for facts at hand."""
    customer = known.customer
    zone = customer.time_zone or "UTC"
    found = warnings(known.bills.values(), customer.risk_inputs, at, zone)
    judged = judge(known, policy, at)
    return Tiered(customer.ref, zone, at, policy.label, policy.risk, judged, found)


def sum_of(lines: Sequence[Points]) -> int:
    """What the lines add up to: the points, always."""
    return sum(line.points for line in lines)


def changes(told: Tiered) -> list[str]:
    """What would change the tier: `5 points more for R2`, `11 fewer for R0`."""
    points, tier = told.assessment.points, told.assessment.tier
    order = [name for _, name in told.card.tiers]
    place = order.index(tier)
    found = []
    if place + 1 < len(order):
        least, name = told.card.tiers[place + 1]
        found.append(f"{_points(least - points)} more for {name}")
    if place:
        # Held from above, the customer must fall the whole of the hysteresis below.
        least = told.card.tiers[place][0] - max(1, told.card.hysteresis)
        found.append(f"{_points(points - least)} fewer for {_below(told.card, tier, least)}")
    return found


def _points(number: int) -> str:
    return f"{number} point{'' if number == 1 else 's'}"


def _below(card: RiskCard, tier: Tier, points: int) -> Tier:
    """The tier that a customer falls to from `tier` at these points."""
    lower = [
        name
        for least, name in card.tiers[1:]
        if name < tier and points > least - max(1, card.hysteresis)
    ]
    return lower[-1] if lower else card.tiers[0][1]


def thresholds(card: RiskCard) -> str:
    """`R0 from 0, R1 from 15, …`, and how far below a threshold a tier is held."""
    steps = ", ".join(f"{name} from {least}" for least, name in card.tiers)
    if card.hysteresis == 0:
        return steps
    return f"{steps}; a tier is held until {_points(card.hysteresis)} below its threshold"


def held(told: Tiered) -> str:
    """Why the tier is higher than its points; "" if it is not."""
    found = told.assessment
    if found.held_from is None:
        return ""
    since = local(found.held_from, told.zone)
    return f"the points alone give {found.earned}: {found.tier} was reached {since} and is held"


def as_json(told: Tiered) -> dict[str, Any]:  # Any: JSON
    """All of it for a program; instants in UTC."""
    found = told.assessment
    return {
        "customer": told.ref,
        "at": told.at.isoformat(),
        "policy": told.policy,
        "card": f"{told.card.name}@{told.card.version}",
        "tier": found.tier,
        "points": found.points,
        "earned": found.earned,
        "held_from": found.held_from.isoformat() if found.held_from else None,
        "lines": [_line(line) for line in found.lines],
        "unknown": list(found.unknown),
        "thresholds": {name: least for least, name in told.card.tiers},
        "hysteresis": told.card.hysteresis,
        "changes": changes(told),
        "warnings": [_warning(each, told.at) for each in told.warnings],
    }


def _line(line: Points) -> dict[str, Any]:  # Any: JSON
    return {
        "feature": line.feature,
        "value": line.value,
        "points": line.points,
        "fact": line.fact,
        "source": line.source,
    }


def _warning(warning: EarlyWarning, now: datetime) -> dict[str, Any]:  # Any: JSON
    return {
        "kind": warning.kind,
        "bill": warning.bill_id,
        "at": warning.at.isoformat(),
        "until": warning.until.isoformat(),
        "in_force": warning.in_force(now),
        "words": warning.words,
    }
