"""What is done about a missing answer: send again under the same key, where that is honoured."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.contract import WhenUncertain
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent
from reminders.services import incidents
from tests.scenario.test_ledger import due
from tests.scenario.world import World


@pytest.fixture(autouse=True)
def _honours_keys(world: World) -> None:
    world.sms.capabilities = replace(world.sms.capabilities, when_uncertain=WhenUncertain.RESEND)


def lose_the_answer(world: World) -> None:
    due(world)
    world.sms.script = lambda _: Uncertain("timed out")
    world.deliver()
    assert world.attempts() == ["sms first uncertain"]


def test_it_is_sent_again_under_the_same_key(world: World) -> None:
    lose_the_answer(world)
    world.sms.script = lambda _: Accepted("ref")
    world.run_until(world.clock.now() + timedelta(minutes=2))
    first, second = (sent.message for sent in world.sms.sent)
    assert first.idempotency_key == second.idempotency_key
    assert first.text == second.text
    assert world.attempts() == ["sms first accepted"]


def test_not_after_a_payment(world: World) -> None:
    lose_the_answer(world)
    world.pay("P-1", 100_000)
    world.run_until(world.clock.now() + timedelta(minutes=2))
    assert len(world.sms.sent) == 1


def test_not_to_another_address(world: World) -> None:
    lose_the_answer(world)
    world.tell("contact.changed", {"channel": "sms", "address": "+8616177777777"})
    world.run_until(world.clock.now() + timedelta(minutes=2))
    assert len(world.sms.sent) == 1


def test_the_next_channel_where_no_answer_comes_at_all(world: World) -> None:
    lose_the_answer(world)
    world.run_until(world.clock.now() + timedelta(hours=3))
    assert {sent.message.idempotency_key for sent in world.sms.sent} == {
        world.sms.sent[0].message.idempotency_key
    }
    assert "email unconfirmed accepted" in world.attempts()


def test_not_after_an_opt_out(world: World) -> None:
    """What the provider may never have got must not reach whoever said no meanwhile."""
    lose_the_answer(world)
    world.opt_out("sms")
    world.run_until(world.clock.now() + timedelta(minutes=5))
    assert len(world.sms.sent) == 1


def test_not_while_all_sending_is_suspended(world: World) -> None:
    lose_the_answer(world)
    incidents.open_incident(world.resources, "*", "on-call", "wrong texts")
    world.run_until(world.clock.now() + timedelta(minutes=5))
    assert len(world.sms.sent) == 1


def test_not_in_quiet_hours(world: World) -> None:
    """Sent first a moment before the hours of the day end (S5.3)."""
    due(world)
    world.clock.set(world.clock.now().replace(hour=12, minute=59, second=30))
    world.sms.script = lambda _: Uncertain("timed out")
    world.deliver()
    assert len(world.sms.sent) == 1
    world.run_until(world.clock.now() + timedelta(minutes=10))
    assert len(world.sms.sent) == 1


@pytest.mark.parametrize(
    "second", [Transient("connection refused"), Permanent("bad request"), Unsent("too late")]
)
def test_a_refusal_of_the_second_copy_says_nothing_of_the_first(
    world: World, second: Outcome
) -> None:
    """The first may have been taken: no further attempt under a new key, no cap given back."""
    lose_the_answer(world)
    world.sms.script = lambda _: second
    world.run_until(world.clock.now() + timedelta(minutes=10))
    assert len(world.sms.sent) > 1
    assert world.attempts() == ["sms first uncertain"]
