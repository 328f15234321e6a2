"""Receipts that quote only the provider's own id, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reminders.services import receipts
from tests.scenario.test_ledger import due
from tests.scenario.world import World


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
