"""A provider speaks of its own messages alone, however well its post is signed."""

from __future__ import annotations

import json

import pytest

from channels.contract import WhenUncertain
from channels.in_app.provider import click_receipt_body
from reminders.services import receipts
from reminders.services.callbacks import Callback
from reminders.services.streams import IN_APP
from tests.scenario.test_inbound import FROM, opted_out
from tests.scenario.test_ledger import due
from tests.scenario.world import MemoryChannel, World


@pytest.mark.parametrize("status", ["delivered", "undelivered", "acted"])
def test_another_providers_receipt_changes_nothing_and_is_a_dead_letter(
    world: World, status: str
) -> None:
    due(world)
    world.deliver()
    dead_number = {"reference": str(world.last_attempt()), "dead_contact": True}
    world.posts({**dead_number, "status": status}, channel="email")
    assert world.attempts() == ["sms first accepted"]
    assert world.rows("SELECT count(*) FROM receipt") == [(0,)]
    assert world.rows("SELECT health FROM contact_point WHERE channel = 'sms'") == [("unknown",)]
    assert world.dead() == [("receipt", "it names an attempt that memory-sms carries")]


def test_what_is_its_own_in_the_same_post_is_applied(world: World) -> None:
    due(world)
    world.deliver()
    theirs = world.last_attempt()
    world.receipt(theirs, "undelivered")
    world.deliver()
    world.receipts([(theirs, "delivered"), (world.last_attempt(), "delivered")], channel="email")
    assert world.attempts() == ["sms first undelivered", "email failed delivered"]
    assert len(world.dead()) == 1


def test_our_own_door_speaks_of_every_providers_messages(world: World) -> None:
    """A pressed pay link comes by no provider."""
    due(world)
    world.deliver()
    pressed = click_receipt_body(str(world.last_attempt()), world.clock.now())
    receipts.apply(world.resources, [Callback("1-0", IN_APP, pressed)])
    assert world.attempts() == ["sms first acted"]
    assert world.dead() == []


def test_an_answer_heard_by_a_backup_confirms_the_message_of_the_first(world: World) -> None:
    """One number for all providers: what a customer writes may come in by any of them."""
    due(world)
    world.deliver()
    backup = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    backup.name = "backup-sms"
    world.add(backup)
    said = [{"from": FROM, "text": "I pay tomorrow", "at": world.clock.now().isoformat()}]
    receipts.apply(world.resources, [Callback("1-0", "backup-sms", json.dumps(said).encode())])
    assert world.attempts() == ["sms first acted"]


def test_a_message_of_another_provider_cannot_be_named_to_stop_its_customer(world: World) -> None:
    due(world)
    world.deliver()
    backup = MemoryChannel("sms", world.clock, WhenUncertain.WAIT)
    backup.name = "backup-sms"
    world.add(backup)
    attempt = str(world.last_attempt())
    said = [{"from": "+8610", "text": "STOP", "attempt": attempt, "id": "m"}]
    at = {"at": world.clock.now().isoformat()}
    body = json.dumps([said[0] | at]).encode()
    receipts.apply(world.resources, [Callback("1-0", "backup-sms", body)])
    assert not opted_out(world)
