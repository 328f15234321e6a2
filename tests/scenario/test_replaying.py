"""I10: every decision of random weeks replays to itself, and nothing personal is kept with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient
from reminders.ledger.history import Decided
from reminders.services import snapshot
from reminders.services.as_of import as_of
from reminders.services.bill_history import BillHistory, load
from reminders.services.customer_explain import letter
from reminders.services.customer_phrases import LANGUAGES
from reminders.services.explain import explain
from reminders.services.explain_json import as_json
from reminders.services.replaying import Replay, replay, replayed
from reminders.services.timeline import ahead, tell
from reminders.services.timeline_json import as_json as story_json
from tests.scenario.world import PROFILE, START, World

ANSWERS: Mapping[str, Callable[[], Outcome]] = {
    "accepted": lambda: Accepted("ref"),
    "transient": lambda: Transient("busy"),
    "dead": lambda: Permanent("no such number", dead_contact=True),
}
# What an adversary would look for: a number, an address, a name, and words of the texts.
CANARIES = ("16100000001", "canary.person@example.com", "Canary Person", "pay.example.com")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens after so many hours."""

    hour: int
    what: str


Act = Callable[[World, int], object]


def opted_out_of_everything(world: World, number: int) -> None:
    for channel in ("sms", "email", "in_app"):
        world.opt_out(channel)


def contacted(world: World, number: int) -> None:
    made = {"contact_id": f"K-{number}", "channel": "voice", "conversation": True}
    world.tell("contact.made", made | {"at": world.clock.now().isoformat()})


def promised(world: World, number: int) -> None:
    said = {"promise_id": f"W-{number}", "bill_id": "B-1", "amount_minor": 5_000}
    when = {"promised_on": "2026-03-12", "made_at": world.clock.now().isoformat()}
    world.tell("promise.made", said | when | {"currency": "TWD"})


def delivered(world: World, number: int) -> None:
    for (attempt,) in world.rows("SELECT attempt_id FROM attempt WHERE channel = 'sms'"):
        world.receipt(attempt, "delivered")


def chosen(world: World, number: int) -> None:
    world.tell("preference.offsets_chosen", {"offsets": [-1], "actor": "customer"})


ACTS: Mapping[str, Act] = {
    "pay some": lambda world, number: world.pay(f"P-{number}", 15_000),
    "pay all": lambda world, number: world.pay(f"P-{number}", 100_000),
    "reverse": lambda world, number: world.reverse(f"P-{number - 1}"),
    "opt out of sms": lambda world, number: world.opt_out("sms"),
    "opt in to sms": lambda world, number: world.opt_out("sms", allowed=True),
    "opt out of all": opted_out_of_everything,
    "hold": lambda world, number: world.hold(f"H-{number}"),
    "lift": lambda world, number: world.lift(f"H-{number - 1}"),
    "second bill": lambda world, number: world.bill(f"B-{number + 2}"),
    "days": chosen,
    "contacted": contacted,
    "promise": promised,
    "delivered": delivered,
}
happenings = st.lists(
    st.builds(Happening, st.integers(0, 24 * 18), st.sampled_from(sorted(ACTS))), max_size=6
).map(lambda drawn: sorted(drawn, key=lambda each: each.hour))
# A story takes a second, and is looked at from every side; shrinking one would take minutes.
FEW = settings(
    PROFILE,
    max_examples=max(4, PROFILE.max_examples // 5),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def begin(world: World) -> None:
    world.start_again()
    world.customer(
        contact_points=[
            {"channel": "sms", "address": "+8616100000001"},
            {"channel": "email", "address": "canary.person@example.com"},
            {"channel": "in_app"},
        ],
        name="Canary Person",
    )
    world.bill()


def play(world: World, story: list[Happening], sms: str, email: str) -> None:
    begin(world)
    world.sms.script = lambda _: ANSWERS[sms]()
    world.email.script = lambda _: ANSWERS[email]()
    for number, each in enumerate(story):
        world.run_until(START + timedelta(hours=each.hour))
        ACTS[each.what](world, number)
    world.run_until(START + timedelta(days=25))


def stories(world: World) -> list[BillHistory]:
    bills = [row[0] for row in world.rows("SELECT DISTINCT bill_id FROM bill_version ORDER BY 1")]
    return [told for bill in bills for told in load(world.resources, bill)]


answers = st.sampled_from(sorted(ANSWERS))


@FEW
@given(happenings, answers, answers, st.integers(-1, 27))
def test_every_decision_of_random_weeks_replays_and_tells_nothing_personal(
    world: World, story: list[Happening], sms: str, email: str, day: int
) -> None:
    """I10: outcome, reason, checks and tier are the same from the inputs that were kept; canaries
    are in no snapshot, check, explanation, story or letter."""
    play(world, story, sms, email)
    found = stories(world)
    rows = [row for told in found for row in replayed(told)]
    # None at all where the bill is paid before its first reminder.
    assert len(rows) == world.rows("SELECT count(*) FROM decision")[0][0]
    assert {row.shown for row in rows} <= {Replay.SAME}
    then = [as_of(told, START + timedelta(days=day)) for told in found]
    said = "\n".join(everything(told) for told in (*found, *then))
    texts = [each.message.text for each in (*world.sms.sent, *world.email.sent)]
    assert [text for text in (*CANARIES, *texts) if text in said] == []


def everything(told: BillHistory) -> str:
    """Whatever is kept with decisions of a bill, and whatever is told of it."""
    made = [each for decided in told.decisions.values() for each in decided]
    kept = [repr(snapshot.load(each.snapshot)) + repr(each.checks) for each in made]
    stages = explain(told)
    shown = [json.dumps(as_json(told, stages)), json.dumps(story_json(told)), repr(stages)]
    shown += [line.text for line in (*tell(told), *ahead(told))]
    letters = [repr(letter(told, "Example Credit", language=each)) for each in LANGUAGES]
    return "\n".join((*kept, *shown, *letters))


def test_another_decision_is_noticed(world: World) -> None:
    """A replay that could not fail would show nothing."""
    begin(world)
    world.run_until(START + timedelta(days=8))
    (told,) = stories(world)
    made = [each for decided in told.decisions.values() for each in decided]
    assert made
    for each in made:
        assert shown(told, each) is Replay.SAME
        assert shown(told, replace(each, reason="hold")) is Replay.DIFFERENT
        assert shown(told, replace(each, outcome="cancel")) is Replay.DIFFERENT
        assert shown(told, replace(each, checks=each.checks[:-1])) is Replay.DIFFERENT
        assert shown(told, replace(each, tier="R9")) is Replay.DIFFERENT
        assert shown(told, replace(each, snapshot=b"")) is Replay.NO_INPUTS
        seen = snapshot.load(each.snapshot)
        other = replace(seen, now=seen.now + timedelta(minutes=1))
        assert shown(told, replace(each, snapshot=snapshot.dump(other))) is Replay.DIFFERENT


def shown(told: BillHistory, made: Decided) -> Replay:
    return replay(made, lambda label: told.policies[label])


@pytest.mark.parametrize("hours", [0, 24 * 6, 24 * 7, 24 * 7 + 3, 24 * 20])
def test_as_of_an_instant_nothing_later_is_told(world: World, hours: int) -> None:
    """S5.14: as things stood; what was not decided by then is foreseen at that very instant."""
    begin(world)
    world.run_until(START + timedelta(days=25))
    (told,) = stories(world)
    at = START + timedelta(hours=hours)
    then = as_of(told, at)
    assert all(entry.at <= at for entry in tell(then))
    for stage in explain(then):
        assert stage.decided_at is None or stage.decided_at <= at
        assert stage.next_at in (None, at)
    decided = [each for made in then.decisions.values() for each in made]
    every = world.rows("SELECT count(*) FROM decision WHERE at <= :at", at=at)
    assert len(decided) == every[0][0]
