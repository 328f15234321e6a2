"""Parked receipts in any number: none is lost, and none keeps the others waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DataError, OperationalError

from reminders.domain.outcome import Accepted
from reminders.ledger import provider_refs
from reminders.services import parking, receipts
from reminders.services.parking import KEPT
from tests.scenario.test_ledger import due
from tests.scenario.world import World, session


def small(world: World, batch: int) -> None:
    world.sms.capabilities = replace(world.sms.capabilities, quotes_ref=True)
    world.resources = replace(world.resources, limits=replace(world.resources.limits, batch=batch))


def parked(world: World, count: int) -> list[str]:
    """Receipts of so many messages, each there before its message is recorded; then those are."""
    for number in range(2, count + 1):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    due(world)
    results = world.call(world.gate(world.claim("sms")))
    refs = [each.outcome.ref for each in results if isinstance(each.outcome, Accepted)]
    for ref in refs:
        world.posts({"id": ref, "status": "delivered"})
        world.clock.set(world.clock.now() + timedelta(seconds=1))
    world.record(results)
    assert len(refs) == len(waiting(world)) == count
    return refs


def waiting(world: World) -> list[str]:
    return [row[0] for row in world.rows("SELECT ref FROM parked_receipt ORDER BY received_at")]


def delivered(world: World) -> int:
    return sum(each.endswith("delivered") for each in world.attempts())


def test_one_run_applies_more_than_a_batch(world: World) -> None:
    small(world, 2)
    parked(world, 5)
    assert receipts.apply_parked(world.resources).changed == 5
    assert (delivered(world), waiting(world)) == (5, [])


def test_one_that_is_not_that_messages_after_all_keeps_nobody_waiting(world: World) -> None:
    """A message centre used its id again, for another number: it stays, at the head."""
    small(world, 1)
    odd = {"id": "0001", "status": "delivered", "to": "+8616100000099"}
    world.posts(odd, odd | {"status": "undelivered"})
    world.clock.set(world.clock.now() + timedelta(minutes=1))
    world.sms.script = lambda _: Accepted("0001")
    due(world)
    results = world.call(world.gate(world.claim("sms")))
    world.posts({"id": "0001", "status": "delivered", "to": "+8616100000001"})
    world.record(results)
    assert receipts.apply_parked(world.resources).changed == 1
    assert (delivered(world), waiting(world)) == (1, ["0001", "0001"])


def test_one_that_the_database_refuses_is_a_dead_letter_and_the_others_are_applied(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(world, 500)
    refs = parked(world, 3)
    apply = receipts._apply

    def refuses(*given: Any) -> Any:  # Any: those of `_apply`
        if any(each.receipt.provider_ref == refs[0] for each in given[2]):
            raise DataError("", {}, psycopg.errors.NumericValueOutOfRange("out of range"))
        return apply(*given)

    monkeypatch.setattr(receipts, "_apply", refuses)
    done = receipts.apply_parked(world.resources)
    assert (done.changed, done.dead) == (2, 1)
    assert (delivered(world), waiting(world)) == (2, [])
    assert world.dead() == [("receipt", "the database refused it: out of range")]


def test_one_that_somebody_else_has_in_hand_costs_no_other_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is refused; before we put it away, another worker has it in hand."""
    small(world, 1)
    refs = parked(world, 2)
    apply, take_off = receipts._apply, parking.take_off

    def refuses(*given: Any) -> Any:  # Any: those of `_apply`
        if any(each.receipt.provider_ref == refs[0] for each in given[2]):
            raise DataError("", {}, psycopg.errors.NumericValueOutOfRange("out of range"))
        return apply(*given)

    def in_hand(*given: Any) -> Any:  # Any: those of `take_off`
        with session(world.engine) as other:
            assert len(provider_refs.waiting(other, 1)) == 1
            return take_off(*given)

    monkeypatch.setattr(receipts, "_apply", refuses)
    monkeypatch.setattr(parking, "take_off", in_hand)
    done = receipts.apply_parked(world.resources)
    assert (done.changed, done.dead) == (1, 0)
    assert (delivered(world), waiting(world), world.dead()) == (1, refs[:1], [])
    monkeypatch.setattr(parking, "take_off", take_off)
    assert receipts.apply_parked(world.resources).dead == 1


def test_a_database_that_is_slow_makes_no_dead_letters(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(world, 500)
    parked(world, 1)

    def slow(*given: Any) -> Any:  # Any: as above
        raise OperationalError("", {}, psycopg.errors.QueryCanceled("statement timeout"))

    with monkeypatch.context() as slowly:
        slowly.setattr(receipts, "_apply", slow)
        with pytest.raises(OperationalError):
            receipts.apply_parked(world.resources)
    assert world.dead() == []
    assert receipts.apply_parked(world.resources).changed == 1


def test_what_waited_for_its_turn_for_too_long_is_applied_before_the_rest_is_given_up(
    world: World,
) -> None:
    small(world, 1)
    parked(world, 3)
    world.posts({"id": "nobodys-1", "status": "read"}, {"id": "nobodys-2", "status": "read"})
    world.clock.set(world.clock.now() + KEPT + timedelta(hours=1))
    done = receipts.apply_parked(world.resources)
    assert (done.changed, done.dead, waiting(world)) == (3, 2, [])
    assert world.dead() == [("receipt", "its message is unknown")] * 2


def test_its_time_has_an_end(world: World) -> None:
    small(world, 1)
    parked(world, 3)
    limits = replace(world.resources.limits, run_for=timedelta(0))
    hurried = replace(world.resources, limits=limits)
    assert [receipts.apply_parked(hurried).changed for _ in range(4)] == [1, 1, 1, 0]
