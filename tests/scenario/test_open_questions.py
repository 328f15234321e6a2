"""What nobody answered for, and what arrived after the next channel had been used."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from reminders.domain.outcome import Uncertain
from reminders.ledger.tally import tally
from reminders.services import attempt_story, open_questions, status
from reminders.services.bill_history import load
from tests.scenario.world import START, World


@pytest.fixture
def due(world: World) -> World:
    """A customer whose bill's first stage is due; SMS goes first."""
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    return world


def later(world: World, **after: float) -> datetime:
    world.clock.set(world.clock.now() + timedelta(**after))
    world.deliver()
    return world.clock.now()


def steps(world: World) -> list[str]:
    (told,) = load(world.resources, "B-1")
    return [step.text for kept in told.kept for step in attempt_story.steps(told, kept)]


def counted(world: World) -> tuple[int, int]:
    found = status.report(world.engine, world.resources.redis, (), world.clock.now())
    return found.uncertain, found.doubles


def test_an_open_uncertain_attempt_says_what_happens_next(due: World) -> None:
    due.sms.script = lambda _: Uncertain("no answer in time")
    due.sms.answers = lambda _: None
    due.deliver()
    (found,) = open_questions.uncertain(due.resources)
    seen = found.attempt
    assert (seen.customer, seen.bill_id, seen.channel) == ("C-1", "B-1", "sms")
    assert (seen.provider, seen.since) == ("memory-sms", due.clock.now())
    assert "no answer in time" in seen.reason
    until = f"{seen.confirm_by:%Y-%m-%d %H:%M} UTC"
    assert found.next == f"memory-sms is asked until {until}, then the next channel"
    assert counted(due) == (1, 0)
    later(due, hours=3)
    (found,) = open_questions.uncertain(due.resources)
    assert found.next == "the next channel was used; a receipt may still come"
    due.receipt(seen.attempt_id, "delivered")
    assert open_questions.uncertain(due.resources) == []


def test_what_has_ended_is_no_question_any_more(due: World) -> None:
    due.sms.script = lambda _: Uncertain("no answer in time")
    due.sms.answers = lambda _: None
    due.deliver()
    due.pay("P-1", 100_000)
    due.evaluate()
    due.deliver()
    assert open_questions.uncertain(due.resources) == []
    assert counted(due) == (0, 0)


@pytest.mark.parametrize("hours", [1, 12])
def test_a_delivery_after_the_next_channel_is_a_double_contact(due: World, hours: float) -> None:
    """While the reminder is open still, and after it has ended."""
    due.deliver()
    first = due.last_attempt()
    then_at = later(due, hours=3)
    assert due.attempts() == ["sms first accepted", "email unconfirmed accepted"]
    heard_at = later(due, hours=hours)
    due.receipt(first, "delivered")
    due.receipt(first, "delivered")  # twice said is once
    (found,) = open_questions.doubles(due.resources)
    assert (found.attempt_id, found.customer, found.bill_id) == (first, "C-1", "B-1")
    assert (found.channel, found.then_by) == ("sms", "email")
    assert (found.then_at, found.heard_at) == (then_at, heard_at)
    with due.engine.connect() as connection:
        assert tally(connection).one["double_contacts"] == 1
    assert counted(due) == (0, 1)
    (said,) = [text for text in steps(due) if text.startswith("SMS delivered")]
    assert "arrived after the next channel was used" in said
    due.clock.set(due.clock.now() + timedelta(days=31))
    assert open_questions.doubles(due.resources) == []


def test_so_is_one_of_a_message_that_was_said_not_to_arrive(due: World) -> None:
    """Carriers take back what they said: the mail in its place had left by then."""
    due.deliver()
    first = due.last_attempt()
    due.receipt(first, "undelivered")
    due.deliver()
    assert due.attempts() == ["sms first undelivered", "email failed accepted"]
    assert open_questions.doubles(due.resources) == []
    later(due, hours=1)
    due.receipt(first, "delivered")
    (found,) = open_questions.doubles(due.resources)
    assert (found.attempt_id, found.then_by) == (first, "email")
    assert counted(due) == (0, 1)
    (said,) = [text for text in steps(due) if text.startswith("SMS delivered")]
    assert "arrived after the next channel was used" in said


def test_a_delivery_in_time_is_none(due: World) -> None:
    due.deliver()
    due.receipt(due.last_attempt(), "delivered")
    later(due, hours=3)
    assert open_questions.doubles(due.resources) == []
    assert not any("next channel was used" in text for text in steps(due))


def test_a_delivery_in_time_is_none_where_the_rung_wanted_it_read(world: World) -> None:
    rungs = [
        {"channel": "sms", "confirm": "read", "confirm_within_minutes": 120},
        {"channel": "email", "confirm": "accepted", "confirm_within_minutes": 360},
    ]
    world.use("wants-read", ladders=dict.fromkeys(("R0", "R1", "R2", "R3"), rungs))
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    world.deliver()
    first = world.last_attempt()
    later(world, hours=1)
    world.receipt(first, "delivered")
    later(world, hours=2)
    assert world.attempts() == ["sms first delivered", "email unconfirmed accepted"]
    later(world, hours=1)
    world.receipt(first, "read")
    assert open_questions.doubles(world.resources) == []
    (said,) = [text for text in steps(world) if text.startswith("SMS delivered")]
    assert "next channel" not in said


def test_a_next_message_that_never_left_is_none(due: World) -> None:
    due.deliver()
    first = due.last_attempt()
    later(due, hours=3)
    later(due, hours=1)
    with due.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attempt SET state = 'released' WHERE channel = 'email'")
    due.receipt(first, "delivered")
    assert open_questions.doubles(due.resources) == []
