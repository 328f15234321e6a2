"""One confirmation for each request (S1.19): paced, tried again while it is news, never twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from channels.contract import Message, WhenUncertain
from channels.fleet import Fleet
from channels.pacing import Grant
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent
from reminders.ledger import confirmations as outbox
from reminders.services import confirmations, inbound
from reminders.services.confirmations import AGAIN, NEWS_FOR, confirm
from reminders.services.preferences.change import Changed, change
from tests.scenario.test_inbound import FROM, opted_out, says
from tests.scenario.world import Free, MemoryChannel, StoryClock, World, session

DONE = "SELECT state, handled_by FROM inbound_message"


def asked_to_stop(world: World) -> None:
    world.customer()
    says(world, "STOP")


def run(world: World, after: timedelta = timedelta(0)) -> int:
    world.clock.set(world.clock.now() + after)
    return confirm(world.resources, world.loop)


def lease_ends(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE inbound_message SET lease_until = '2000-01-01Z'"))


def test_it_is_tried_again_until_its_provider_is_back_and_then_never(world: World) -> None:
    asked_to_stop(world)
    answers: list[Outcome] = [Transient("down"), Transient("down"), Accepted("r")]
    world.sms.script = lambda _: answers.pop(0)
    assert run(world) == 0
    assert run(world, AGAIN / 2) == 0  # too early
    assert len(world.sms.sent) == 1
    assert run(world, AGAIN) == 0
    assert run(world, 2 * AGAIN) == 1
    assert run(world, NEWS_FOR / 2) == 0
    assert len({each.message.idempotency_key for each in world.sms.sent}) == 1
    assert len(world.sms.sent) == 3
    assert world.rows(DONE) == [("done", "confirmation")]


def test_it_is_given_up_when_it_is_no_news_any_more(world: World) -> None:
    asked_to_stop(world)
    world.sms.script = lambda _: Transient("down")
    assert run(world) == 0
    assert run(world, NEWS_FOR + timedelta(minutes=1)) == 0
    assert len(world.sms.sent) == 1
    assert world.rows(DONE) == [("done", "too late")]


def test_another_provider_takes_what_one_failed_or_refused(world: World) -> None:
    other = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    other.name = "other-sms"
    world.resources = replace(world.resources, fleet=Fleet((world.sms, other), Free()))
    asked_to_stop(world)

    def refuse(message: Message) -> Outcome:
        world.sms.script = other.script = lambda _: Accepted("r")
        return Permanent("no template")

    world.sms.script = other.script = refuse
    assert [run(world), run(world)] == [0, 1]
    assert (len(world.sms.sent), len(other.sent)) == (1, 1)


@pytest.mark.parametrize("how", [WhenUncertain.WAIT, WhenUncertain.ASK])
def test_what_may_have_been_taken_is_not_sent_again(world: World, how: WhenUncertain) -> None:
    world.sms.capabilities = replace(world.sms.capabilities, when_uncertain=how)
    world.sms.answers = lambda _: None
    asked_to_stop(world)
    world.sms.script = lambda _: Uncertain("no answer")
    run(world)
    for _ in range(2):
        lease_ends(world)
        run(world, timedelta(hours=13))
    assert len(world.sms.sent) == 1
    assert len(world.sms.asked) == (1 if how is WhenUncertain.ASK else 0)
    assert world.rows(DONE) == [("done", "uncertain")]


@pytest.mark.parametrize(("found", "sent"), [(Accepted("r"), 1), (Unsent("never"), 2)])
def test_a_worker_that_dies_after_the_call_is_made_good(
    world: World, monkeypatch: pytest.MonkeyPatch, found: Outcome, sent: int
) -> None:
    def dies(*_: object) -> int:
        raise KeyboardInterrupt

    asked_to_stop(world)
    with monkeypatch.context() as dying:
        dying.setattr(confirmations, "_record", dies)
        with pytest.raises(KeyboardInterrupt):
            run(world)
    assert run(world, AGAIN) == 0  # its lease runs
    lease_ends(world)
    world.sms.answers = lambda _: found
    run(world)
    run(world, 2 * AGAIN)
    assert len(world.sms.sent) == sent
    assert world.rows(DONE) == [("done", "confirmation")]


@dataclass
class OneEach:
    """Pacing that grants one message at each business instant."""

    clock: StoryClock
    last: datetime | None = None

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        free = self.last != self.clock.now()
        self.last = self.clock.now()
        return Grant(min(wanted, 1) if free else 0, timedelta(seconds=1))

    def hold(self, key: str, for_: timedelta) -> None:
        return None


def test_pacing_holds_for_them_too_and_no_connection_is_held_meanwhile(world: World) -> None:
    fleet = Fleet(tuple(world.resources.fleet.by_name.values()), OneEach(world.clock))
    world.resources = replace(world.resources, fleet=fleet)
    asked_to_stop(world)
    world.clock.set(world.clock.now() + AGAIN)
    world.customer("C-2")
    says(world, "STOP", "m-2", "+8616100000002")
    held: list[int] = []

    def script(message: Message) -> Outcome:
        held.append(world.engine.pool.checkedout())  # type: ignore[attr-defined]  # of QueuePool
        return Accepted("r")

    world.sms.script = script
    second = timedelta(seconds=1)
    assert [run(world), run(world), run(world, second), run(world, second)] == [1, 0, 1, 0]
    assert held == [0, 0]


@pytest.mark.parametrize("before", [True, False])
def test_whoever_takes_a_stop_in_may_die_in_the_middle(
    world: World, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    """Before or after the channel is off: the post is read again, and confirmed once."""

    def dies(*args: Any, **how: Any) -> Changed:  # Any: those of `change`
        if not before:
            change(*args, **how)
        raise KeyboardInterrupt

    world.customer()
    with monkeypatch.context() as dying:
        dying.setattr(inbound, "change", dies)
        with pytest.raises(KeyboardInterrupt):
            says(world, "STOP")
    assert run(world) == 0
    for _ in range(2):
        says(world, "STOP")
    assert [run(world), run(world)] == [1, 0]
    assert opted_out(world)


def test_two_who_confirm_at_once_send_it_once(world: World) -> None:
    asked_to_stop(world)
    with session(world.engine) as other:
        assert len(outbox.take(other, "sms", world.clock.now(), 10)) == 1
        assert run(world) == 0
    assert run(world) == 1


def test_an_older_call_that_ends_late_changes_nothing(world: World) -> None:
    asked_to_stop(world)
    with world.engine.begin() as connection:
        (first,) = outbox.take(connection, "sms", world.clock.now(), 10)
        outbox.begin(connection, [first._replace(calls=1)], timedelta(minutes=1))
        outbox.begin(connection, [first._replace(calls=2)], timedelta(minutes=1))
        late = confirmations._said(
            world.resources, first._replace(calls=1), Transient("late"), world.clock.now()
        )
        assert outbox.record(connection, [late], world.clock.now(), timedelta(0)) == 0
    assert world.rows(DONE) == [("sending", "")]


def test_what_is_true_no_longer_is_not_said(world: World) -> None:
    asked_to_stop(world)
    world.sms.script = lambda _: Transient("down")
    run(world)
    world.clock.set(world.clock.now() + AGAIN)
    says(world, "START", "m-2")
    world.sms.script = lambda _: Accepted("r")
    assert run(world, AGAIN) == 1
    assert "STOP" in world.sms.sent[-1].message.text
    assert ("done", "overtaken") in world.rows(DONE)


def test_it_goes_to_the_address_that_asked(world: World) -> None:
    asked_to_stop(world)
    world.customer(contact_points=[{"channel": "sms", "address": "+8616100000099"}])
    assert run(world) == 1
    assert [each.message.address for each in world.sms.sent] == [FROM]


def test_a_receipt_tells_that_it_was_taken_and_is_no_dead_letter(world: World) -> None:
    world.sms.answers = lambda _: None
    asked_to_stop(world)
    world.sms.script = lambda _: Uncertain("no answer")
    run(world)
    key = world.sms.sent[0].message.idempotency_key
    world.receipt(key, "delivered", channel="email")
    assert world.dead() == [("receipt", "it names an attempt that memory-sms carries")]
    assert world.rows(DONE) == [("sending", "")]
    world.receipt(key, "delivered")
    assert world.rows(DONE) == [("done", "confirmation")]
    assert len(world.dead()) == 1


def test_a_receipt_by_the_providers_own_id_finds_it(world: World) -> None:
    world.sms.capabilities = replace(world.sms.capabilities, quotes_ref=True)
    asked_to_stop(world)
    assert run(world) == 1
    world.posts({"id": f"ref-{world.sms.sent[0].message.idempotency_key[-8:]}", "status": "read"})
    assert world.dead() == []
    assert world.rows("SELECT count(*) FROM parked_receipt") == [(0,)]


def test_the_only_one_that_serves_the_number_refuses_once(world: World) -> None:
    other = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    other.name = "other-sms"
    other.capabilities = replace(other.capabilities, prefixes=("+999",))
    world.resources = replace(world.resources, fleet=Fleet((world.sms, other), Free()))
    asked_to_stop(world)
    world.sms.script = lambda _: Permanent("no template")
    assert [run(world, AGAIN) for _ in range(4)] == [0] * 4
    assert len(world.sms.sent) <= 2  # nobody else is there: it is not asked for a day
    assert world.rows(DONE) == [("done", "refused: no template")]


def test_a_channel_that_nobody_serves_any_more_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmations, "AT_ONCE", 1)
    asked_to_stop(world)
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE inbound_message SET channel = 'whatsapp'"))
    world.clock.set(world.clock.now() + AGAIN)
    world.customer("C-2")
    says(world, "STOP", "m-2", "+8616100000002")
    assert run(world, AGAIN) == 1
