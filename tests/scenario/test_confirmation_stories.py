"""A bill's timeline shows every message that left, those that confirm a STOP too (S1.19)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels.contract import WhenUncertain
from channels.fleet import Fleet
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain
from reminders.services import stories
from reminders.services.as_of import as_of
from reminders.services.bill_history import load
from reminders.services.confirmations import AGAIN, NEWS_FOR, confirm
from reminders.services.timeline import tell
from tests.scenario.test_inbound import says
from tests.scenario.test_ledger import due
from tests.scenario.world import Free, MemoryChannel, World

ASKED = "SMS to +86161****0001 confirms STOP of 2026-03-08 10:00"


@pytest.fixture(autouse=True)
def _stopped(world: World) -> None:
    due(world)
    says(world, "STOP")


def told(world: World) -> list[tuple[str, str]]:
    """(local time, text) of what was told to the customer in return, for a program."""
    (document,) = stories.timelines(world.resources, "B-1")
    return [
        (each["local"], each["text"]) for each in document["entries"] if each["kind"] == "reply"
    ]


def run(world: World, *outcomes: Outcome, after: timedelta = AGAIN) -> None:
    answers = list(outcomes)
    world.sms.script = lambda _: answers.pop(0)
    while answers:
        world.clock.set(world.clock.now() + after)
        confirm(world.resources, world.loop)


def test_it_is_owed_then_sent_at_the_instant_of_its_call(world: World) -> None:
    assert told(world) == [
        ("2026-03-08 10:00:00", f"{ASKED} — not sent yet, due from 2026-03-08 10:00")
    ]
    run(world, Transient("down"), Accepted("r"), after=2 * AGAIN)
    world.clock.set(world.clock.now() + timedelta(hours=5))
    world.receipt(world.sms.sent[0].message.idempotency_key, "delivered")
    assert told(world) == [
        ("2026-03-08 10:02:00", f"{ASKED} — handed to memory-sms (calls about it: 2)")
    ]


def test_what_may_have_arrived_stands_where_it_may_have_left(world: World) -> None:
    world.sms.capabilities = replace(world.sms.capabilities, when_uncertain=WhenUncertain.WAIT)
    run(world, Uncertain("no answer"))
    sent_at = "2026-03-08 10:00:30"
    assert told(world) == [(sent_at, f"{ASKED} — on its way to memory-sms, no answer yet")]
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE inbound_message SET lease_until = '2000-01-01Z'"))
    world.clock.set(world.clock.now() + timedelta(hours=1))
    confirm(world.resources, world.loop)
    assert told(world) == [(sent_at, f"{ASKED} — no answer from memory-sms, it may have arrived")]


def test_a_refusal_says_by_whom_and_why(world: World) -> None:
    other = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    other.name = "other-sms"
    providers = (*world.resources.fleet.by_name.values(), other)
    world.resources = replace(world.resources, fleet=Fleet(providers, Free()))
    other.script = lambda _: Permanent("no\x1btemplate")
    run(world, Permanent("no template"))
    confirm(world.resources, world.loop)
    ((_, words),) = told(world)
    first, last = sorted(("memory-sms", "other-sms"), key=words.index, reverse=True)
    assert words.startswith(f"{ASKED} — {last} refused: no")
    assert words.endswith(f"(calls about it: 2; refused by {first})")
    assert "\x1b" not in words


def test_what_was_given_up_is_shown_as_not_sent(world: World) -> None:
    world.clock.set(world.clock.now() + NEWS_FOR + AGAIN)
    confirm(world.resources, world.loop)
    assert told(world) == [("2026-03-09 10:00:30", f"{ASKED} — not sent, it was no news any more")]


def test_one_that_is_not_owed_is_not_shown(world: World) -> None:
    run(world, Accepted("r"))
    says(world, "STOP", "m-2")
    says(world, "I moved to another town", "m-3")
    assert len(told(world)) == 1
    world.tell("customer.updated", {"language": "en", "time_zone": "Asia/Taipei"}, who="C-2")
    world.bill("B-2", who="C-2")
    world.evaluate()
    (document,) = stories.timelines(world.resources, "B-2")
    assert all(each["kind"] != "reply" for each in document["entries"])


def test_a_story_as_of_an_instant_before_it_knows_nothing_of_it(world: World) -> None:
    run(world, Accepted("r"))
    (history,) = load(world.resources, "B-1")
    before = as_of(history, world.clock.now() - timedelta(hours=1))
    assert [each.kind for each in tell(before) if each.kind == "reply"] == []
    assert [each.kind for each in tell(history) if each.kind == "reply"] == ["reply"]


def test_the_customers_own_letter_names_what_left_and_nothing_else(world: World) -> None:
    def lines() -> list[str]:
        (letter,) = stories.letters(world.resources, "B-1", language="en")
        return [line for line in letter["lines"] if "STOP" in line]

    run(world, Transient("down"))
    assert lines() == []
    run(world, Accepted("r"), after=2 * AGAIN)
    assert lines() == ["2026-03-08 10:01: we answered your message STOP by text message."]
