"""Receipts that quote only the provider's own id, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from reminders.domain.outcome import Accepted
from reminders.ledger import provider_refs
from reminders.services import maintain, parking, receipts
from tests.scenario.test_ledger import due
from tests.scenario.world import World, session


@pytest.fixture(autouse=True)
def _by_its_own_id(world: World) -> None:
    world.sms.capabilities = replace(world.sms.capabilities, quotes_ref=True)


def _ref(world: World) -> str:
    return str(world.rows("SELECT ref FROM provider_ref")[0][0])


def test_a_receipt_finds_its_message_by_the_providers_id(world: World) -> None:
    due(world)
    world.deliver()
    world.posts({"id": _ref(world), "status": "delivered"})
    assert world.attempts()[0].endswith("delivered")
    assert world.rows("SELECT count(*) FROM parked_receipt") == [(0,)]


def test_a_receipt_before_its_message_is_recorded_waits_for_it(world: World) -> None:
    due(world)
    results = world.call(world.gate(world.claim("sms")))
    ref = f"ref-{str(results[0].attempt_id)[-8:]}"
    world.posts({"id": ref, "status": "delivered"}, {"id": ref, "status": "delivered"})
    assert world.rows("SELECT count(*) FROM parked_receipt") == [(1,)]
    world.record(results)
    receipts.apply_parked(world.resources)
    assert world.attempts() == ["sms first delivered"]
    assert world.rows("SELECT count(*) FROM parked_receipt") == [(0,)]


def test_a_receipt_of_nobodys_message_ends_as_a_dead_letter(world: World) -> None:
    world.posts({"id": "never-sent", "status": "undelivered"})
    world.clock.set(world.clock.now() + timedelta(days=8))
    receipts.apply_parked(world.resources)
    assert world.dead() == [("receipt", "its message is unknown")]


def _twice(world: World, apart: timedelta = timedelta(0)) -> list[UUID]:
    """Two messages of one id, to C-1 and then to C-2."""
    world.sms.script = lambda message: Accepted("0001")
    due(world)
    world.deliver()
    world.clock.set(world.clock.now() + apart)
    world.pay("P-1", 100_000)  # it is the last message to C-1
    world.customer("C-2")
    world.bill("B-2", who="C-2", due_on=(date(2026, 3, 11) + apart).isoformat())
    world.evaluate()
    world.deliver()
    rows = world.rows("SELECT attempt_id FROM provider_ref ORDER BY at, attempt_id")
    return [row[0] for row in rows]


def _delivered(world: World) -> list[str]:
    found = world.rows(
        "SELECT ref FROM attempt JOIN customer USING (customer_id) WHERE state = 'delivered'"
    )
    return sorted(row[0] for row in found)


@pytest.mark.parametrize(
    ("number", "whose"),
    [("+8616100000001", "C-1"), ("0016100000002", "C-2"), ("16100000002", "C-2")],
)
def test_the_number_tells_whose_receipt_it_is_when_an_id_is_used_again(
    world: World, number: str, whose: str
) -> None:
    """However the carrier writes it; a late receipt of the old message stays the old one's."""
    assert len(_twice(world)) == 2
    world.posts({"id": "0001", "status": "delivered", "to": number})
    assert _delivered(world) == [whose]


def test_dates_tell_them_apart_too(world: World) -> None:
    _twice(world, timedelta(days=2))
    before = (world.clock.now() - timedelta(days=1)).isoformat()
    world.posts({"id": "0001", "status": "delivered", "at": before})
    assert _delivered(world) == ["C-1"]
    world.posts({"id": "0001", "status": "delivered", "submitted": world.clock.now().isoformat()})
    assert _delivered(world) == ["C-1", "C-2"]


def test_what_nothing_tells_apart_is_a_dead_letter_and_changes_nothing(world: World) -> None:
    _twice(world)
    world.posts({"id": "0001", "status": "undelivered"})
    assert world.attempts() == ["sms first accepted"] * 2
    assert world.dead() == [("receipt", parking.SAME)]


def test_a_receipt_before_its_message_is_not_the_old_ones_of_its_id(world: World) -> None:
    world.sms.script = lambda message: Accepted("0001")
    due(world)
    world.deliver()
    world.customer("C-2")
    world.bill("B-2", who="C-2")
    world.evaluate()
    results = world.call(world.gate(world.claim("sms")))
    for _ in range(2):
        world.posts({"id": "0001", "status": "delivered", "to": "+8616100000002"})
    assert _delivered(world) == []
    assert world.rows("SELECT count(*) FROM parked_receipt") == [(1,)]
    assert receipts.apply_parked(world.resources).changed == 0
    world.record(results)
    assert receipts.apply_parked(world.resources).changed == 1
    assert _delivered(world) == ["C-2"]
    assert world.rows("SELECT count(*) FROM parked_receipt") == [(0,)]


def test_one_id_for_two_messages_of_a_batch_loses_neither(world: World) -> None:
    world.sms.script = lambda message: Accepted("0001")
    due(world)
    world.customer("C-2")
    world.bill("B-2", who="C-2")
    world.evaluate()
    world.deliver()
    assert world.attempts() == ["sms first accepted"] * 2
    numbers = ("+8616100000001", "+8616100000002")
    world.posts(*({"id": "0001", "status": "delivered", "to": each} for each in numbers))
    assert world.attempts() == ["sms first delivered"] * 2


def test_two_who_apply_what_is_parked_at_once_do_not_wait_for_each_other(world: World) -> None:
    due(world)
    results = world.call(world.gate(world.claim("sms")))
    world.posts({"id": f"ref-{str(results[0].attempt_id)[-8:]}", "status": "delivered"})
    world.record(results)
    with session(world.engine) as other:
        assert len(provider_refs.waiting(other, 10)) == 1
        assert receipts.apply_parked(world.resources).receipts == 0
    assert receipts.apply_parked(world.resources).receipts == 1


def test_ids_of_old_messages_are_forgotten_in_batches(world: World) -> None:
    due(world)
    world.deliver()
    assert maintain.prune(world.resources) == 0
    world.clock.set(world.clock.now() + maintain.REFS_KEPT + timedelta(days=1))
    small = replace(world.resources, limits=replace(world.resources.limits, batch=1))
    assert maintain.prune(small) == 1
    assert world.rows("SELECT count(*) FROM provider_ref") == [(0,)]
    world.posts({"id": "ref-forgotten", "status": "delivered"})
    assert receipts.apply_parked(world.resources).receipts == 0


def test_an_id_that_no_database_takes_leaves_no_call_of_its_batch_uncertain(world: World) -> None:
    """A NUL and half a surrogate pair are legal JSON, and PostgreSQL refuses both."""
    world.customer("C-2")
    world.bill("B-2", who="C-2")
    answers = [Accepted("a\0b\ud800"), Accepted("good")]
    world.sms.script = lambda _: answers.pop()
    due(world)
    world.deliver()
    assert world.attempts() == ["sms first accepted"] * 2
    assert sorted(world.rows("SELECT ref FROM provider_ref")) == [("ab",), ("good",)]
