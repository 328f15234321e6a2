"""The tier: explainable points folded over facts in the order of their effective time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from reminders.domain.bill import BillPosition
from reminders.domain.customer import Promise, RiskInput
from reminders.domain.features import Behaviour, last_moment, observe
from reminders.domain.record import record
from reminders.domain.risk_words import BILLING, base_words, fact_words, source_words
from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.standing import day_end
from reminders.domain.tier import Tier
from reminders.domain.turning import turning_points

BEFORE = timedelta(microseconds=1)
_NOTHING: Mapping[Feature, RiskInput] = {}


@record
class Points:
    """One line of the sum. `feature` None: the card's base; `value` None: it is not known."""

    feature: Feature | None
    value: float | None
    points: int
    observed: RiskInput | None = None  # None: billing's own facts show it

    @property
    def fact(self) -> str:
        """What was seen, in words."""
        if self.feature is None:
            return base_words()
        return fact_words(self.feature, self.value)

    @property
    def source(self) -> str:
        """Where it comes from: `billing`, or `autopay from core at 2026-01-02 10:00 UTC`."""
        if self.feature is None:
            return "card"
        return BILLING if self.observed is None else source_words(self.observed)


@record
class Assessment:
    """A tier and the lines, of other than 0 points, that add up to its points exactly.

    Points are not clamped: a tier's threshold needs none, and a clamped sum would not add up.
    `earned`: the tier by the points alone; hysteresis may hold a higher one, last reached at
    `held_from`. `unknown`: inputs of the card of which nothing is known.
    """

    tier: Tier
    points: int
    lines: tuple[Points, ...]
    earned: Tier | None = None
    held_from: datetime | None = None
    unknown: tuple[Feature, ...] = ()


def assess(
    bills: Iterable[BillPosition],
    failed_on: Iterable[date],
    card: RiskCard,
    today: date,
    zone: str,
    inputs: Iterable[RiskInput] = (),
    promises: Iterable[Promise] = (),
    now: datetime | None = None,
) -> Assessment:
    """Judge a customer at `now`, or without it at the end of local day `today`.

    Pure in its facts: neither the order in which they arrived nor any tier that was stored
    matters. A tier rises at once; it falls once the points are `card.hysteresis` below its
    threshold. What was held before is found anew by looking back over the instants at which a
    fact changed the points, as far as `turning.CHANGES` of them or a year: a tier that nothing
    in that time has reached is not held.
    """
    behaviour = Behaviour(tuple(bills), tuple(failed_on), zone, tuple(inputs), tuple(promises))
    at = last_moment(today, zone) if now is None else now
    wanted = {each.feature for each in card.characteristics}
    found = score(card, *observe(behaviour, at, wanted))
    return _held(found, card, behaviour, at, wanted) if card.hysteresis else found


def tier_at(behaviour: Behaviour, card: RiskCard, wanted: set[Feature], at: datetime) -> Tier:
    """The tier that `assess` finds, without the lines. `wanted`: the card's features."""
    known, observed = observe(behaviour, at, wanted)
    if card.hysteresis:
        return _held(score(card, known, observed), card, behaviour, at, wanted).tier
    return tier_of(card, total(card, known))


def score(
    card: RiskCard,
    known: Mapping[Feature, float],
    observed: Mapping[Feature, RiskInput] = _NOTHING,
) -> Assessment:
    """Add up the points that `card` gives for what is known, without hysteresis."""
    lines = [Points(None, None, card.base)] if card.base else []
    points = card.base
    unknown = []
    for each in card.characteristics:
        value = known.get(each.feature)
        if value is None:
            unknown.append(each.feature)
        given = points_of(each, value)
        if given:
            points += given
            lines.append(Points(each.feature, value, given, observed.get(each.feature)))
    tier = tier_of(card, points)
    return Assessment(tier, points, tuple(lines), tier, None, tuple(unknown))


def points_of(characteristic: Characteristic, value: float | None) -> int:
    """The points of one input."""
    if value is None:
        return characteristic.missing
    found = characteristic.bins[0][1]
    for least, points in characteristic.bins:
        if value < least:
            break
        found = points
    return found


def tier_of(card: RiskCard, points: int) -> Tier:
    """The tier by the points alone; the first holds below its threshold too."""
    tier = card.tiers[0][1]
    for least, name in card.tiers:
        if points >= least:
            tier = name
    return tier


def met_on_time(bill: BillPosition, zone: str) -> bool:
    """True if the minimum was paid by the end of the local due date and not taken back."""
    ends_at = day_end(bill.terms.due_on, zone)
    paid = sum(
        payment.amount
        for payment in bill.payments
        if payment.reversed_at is None and payment.paid_at < ends_at
    )
    return paid >= bill.terms.minimum_due


def _held(
    found: Assessment, card: RiskCard, behaviour: Behaviour, at: datetime, wanted: set[Feature]
) -> Assessment:
    """The highest tier that was reached and from whose threshold the points never fell far enough.

    Each threshold is a switch of its own: on at the threshold, off `hysteresis` below it. Its
    state is that of the newest instant which threw it, so that only customers whose points lie
    just below a threshold are looked back at, and no further than needed.
    """
    near = [
        (least, tier)
        for least, tier in reversed(card.tiers[1:])
        if least - card.hysteresis < found.points < least
    ]
    if not near:
        return found
    trail: list[tuple[datetime, int]] = []
    back = _back(card, behaviour, at, wanted)
    for least, tier in near:
        reached = _thrown(least, card.hysteresis, trail, back)
        if reached is not None:
            return replace(found, tier=tier, held_from=reached)
    return found


def _thrown(
    least: int,
    hysteresis: int,
    trail: list[tuple[datetime, int]],
    back: Iterator[tuple[datetime, int]],
) -> datetime | None:
    """When the threshold `least` was last reached; None if the points were lower since, or never.

    `trail` keeps what was drawn from `back`, for the next threshold."""
    place = 0
    while True:
        if place == len(trail):
            drawn = next(back, None)
            if drawn is None:
                return None
            trail.append(drawn)
        moment, points = trail[place]
        if points >= least:
            return moment
        if points <= least - hysteresis:
            return None
        place += 1


def _back(
    card: RiskCard, behaviour: Behaviour, at: datetime, wanted: set[Feature]
) -> Iterator[tuple[datetime, int]]:
    """The points at each turning point and just before it, newest first.

    From one turning point to the next points only rise, and only while something is past due or
    may yet be warned of: so these are the least and the most of each stretch. (A card that gives
    fewer points for more days past due is read at these instants alone.)
    """
    until: datetime | None = None
    for moment in turning_points(behaviour, at):
        known, _ = observe(behaviour, moment, wanted)
        may_rise = known[Feature.DAYS_PAST_DUE] > 0 or Feature.ANOMALY in wanted
        if until is not None and may_rise:
            before = until - BEFORE
            yield before, total(card, observe(behaviour, before, wanted)[0])
        yield moment, total(card, known)
        until = moment


def total(card: RiskCard, known: Mapping[Feature, float]) -> int:
    """The points alone."""
    points = card.base
    for each in card.characteristics:  # no `sum(...)`: this runs for most decisions
        points += points_of(each, known.get(each.feature))
    return points
