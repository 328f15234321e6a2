"""The same life told, worked or judged otherwise: what may not differ for it (I6, I7, I9, I10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from reminders.domain import decide as brain
from reminders.domain.decision import Send
from reminders.domain.policy import Limits, Policy, QuietHours
from reminders.services import snapshot
from tests.invariants import playing
from tests.invariants.law import packs_in_force
from tests.invariants.life import Life, Pace, Rhythm, Told
from tests.invariants.trace import Asked, Planned, Trace

_FIRST, _BATCH = datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=60)
_OPEN = QuietHours(datetime.min.time(), datetime.min.time())


def in_batches(life: Life) -> Life:
    """The same events, many of which arrive together: all those of some days at once."""
    told = [replace(each, heard_at=_batch(each.heard_at)) for each in life.told]
    return replace(life, told=tuple(sorted(told, key=lambda each: each.heard_at)))


def _batch(at: datetime) -> datetime:
    return _FIRST + (1 + (at - _FIRST) // _BATCH) * _BATCH


def retold(life: Life, rng: Random) -> Life:
    """What arrives together in another order, and some of it again, then or later."""
    told: list[Told] = list(life.told)
    for each in life.told:
        for _ in range(rng.choice((0, 0, 1, 3))):
            again_at = each.heard_at + rng.choice((0, 1, 3)) * _BATCH
            told.append(replace(each, heard_at=again_at))
    rng.shuffle(told)
    return replace(life, told=tuple(sorted(told, key=lambda each: each.heard_at)))


def told_otherwise(life: Life, rng: Random) -> Iterator[str]:
    """I6: the order and the number of deliveries change nothing that happens."""
    batched = in_batches(life)
    once, again = playing.play(batched), playing.play(retold(batched, rng))
    yield from _differences("handed over", once.handed, again.handed)
    yield from _differences("ended", once.ended, again.ended)
    yield from _differences("planned", once.planned.items(), again.planned.items())


def _differences(what: str, once: object, again: object) -> Iterator[str]:
    one, other = (set(each) for each in (once, again))  # type: ignore[call-overload]
    if one != other:
        yield f"{what} otherwise: {sorted(map(str, one ^ other))[:2]}"


# Those after which a plan is made anew, or a bill is over: what is planned then hangs on when.
_MOVING = frozenset({"bill.adjusted", "bill.cancelled", "payment.received", "payment.reversed"})


def worked_otherwise(life: Life, rng: Random) -> Iterator[str]:
    """I7: whenever somebody works, the same stages are decided on, at the same times.

    Of lives in which no bill is paid or moved and nobody moves house. Everything that went when
    somebody always works either goes at another pace too, or its end says why not.
    """
    kept = [_standing_alone(each) for each in life.told if each.kind not in _MOVING]
    first = {each.who: each.event_id for each in reversed(kept) if each.kind == "customer.updated"}
    kept = [
        each for each in kept if each.kind != "customer.updated" or each.event_id == first[each.who]
    ]
    steady = replace(life, told=tuple(kept), policy=replace(life.policy, events=()))
    always = playing.play(_at_pace(steady, Pace.ALWAYS))
    other = playing.play(_at_pace(steady, rng.choice((Pace.MINUTE, Pace.DAY, Pace.OUTAGE))))
    yield from _plans(always, other)
    ended = {each.key: each for each in other.ended}
    went = {each.key for each in other.handed}
    for key in {each.key for each in always.handed} - went:
        if key not in ended or not ended[key].reason:
            yield f"{key} was lost without a word"


def _standing_alone(told: Told) -> Told:
    """No bill contains another: one that is contained before it was planned never is."""
    return replace(told, data={name: told.data[name] for name in told.data if name != "supersedes"})


def _at_pace(life: Life, pace: Pace) -> Life:
    rhythm = life.rhythm
    return replace(life, rhythm=Rhythm(pace, rhythm.minute, rhythm.down_at))


def _plans(always: Trace, other: Trace) -> Iterator[str]:
    for key in always.planned.keys() ^ other.planned.keys():
        yield f"{key} was planned at one pace only"
    for key in always.planned.keys() & other.planned.keys():
        one, two = _times(always.planned[key]), _times(other.planned[key])
        if one != two:
            yield f"{key} is planned for {one[0]} or for {two[0]}"


def _times(plan: Planned) -> tuple[datetime, datetime, str]:
    return plan.due_at, plan.expires_at, plan.flag


def each_alone(trace: Trace) -> Iterator[str]:
    """I9: what goes under packs, policy and preferences together may go under each of them."""
    policy = trace.life.policy
    looser = _Looser(policy)
    for each in trace.asked:
        if not isinstance(each.decision, Send) or _by_law(each):
            continue
        seen = each.seen
        customer = seen.customer
        anyone = replace(
            customer, preferences=tuple(held for held in customer.preferences if held.allowed)
        )
        for name, alone in looser.policies(customer.jurisdiction):
            for who in (customer, anyone):
                found = brain.decide(
                    *(seen.now, seen.reminder, seen.bill, who, alone),
                    *(seen.tier, seen.history, seen.usage),
                )
                if not isinstance(found, Send):
                    yield f"{each.key} at {each.at}: {name} alone says {type(found).__name__}"


def replays(trace: Trace) -> Iterator[str]:
    """I10: decided again from its inputs as they are kept, a decision is the same."""
    for each in trace.asked:
        kept = snapshot.load(snapshot.dump(each.seen))
        again = snapshot.decide_on(kept, trace.life.policy)
        if again != each.decision:
            yield f"{each.key} at {each.at}: {type(each.decision).__name__} is now {again}"


def _by_law(each: Asked) -> bool:
    return any(check.rule.startswith("mandate.") for check in each.decision.checks)


class _Looser:
    """A policy with only one pack of those in force, with none, or without its own limits."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._made: dict[str, list[tuple[str, Policy]]] = {}

    def policies(self, jurisdiction: str) -> list[tuple[str, Policy]]:
        """Each with a name."""
        if jurisdiction not in self._made:
            self._made[jurisdiction] = list(self._make(jurisdiction))
        return self._made[jurisdiction]

    def _make(self, jurisdiction: str) -> Iterator[tuple[str, Policy]]:
        policy = self._policy
        yield "the policy", replace(policy, packs={}, pack_of={})
        yield "the law", replace(policy, limits=Limits(), quiet=_OPEN)
        for pack in packs_in_force(policy, jurisdiction)[0]:
            only = {pack.name: pack}
            yield (
                f"pack {pack.name}",
                replace(policy, limits=Limits(), quiet=_OPEN, packs=only, pack_of={}),
            )
