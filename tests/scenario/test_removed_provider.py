"""Providers that are taken out of the file while messages of theirs are under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels.fleet import Budget, Fleet
from reminders.ledger.reminders import Kept
from reminders.services import receipts
from reminders.services.callbacks import Callback
from reminders.services.deliver import deliver
from reminders.services.gate import gate
from reminders.services.gate_work import Passed
from reminders.services.resources import Resources
from tests.scenario.test_ledger import due
from tests.scenario.world import Free, World


def without_sms(world: World) -> None:
    left = [each for each in world.resources.fleet.by_name.values() if each is not world.sms]
    world.resources = replace(world.resources, fleet=Fleet(left, Free()))


def test_a_message_of_a_provider_that_is_gone_is_waited_for_and_then_goes_another_way(
    world: World,
) -> None:
    due(world)
    world.gate(world.claim("sms"))  # and the worker dies
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE reminder SET lease_until = NULL"))
    without_sms(world)
    world.run_until(world.clock.now() + timedelta(hours=30))
    channel_cause_state = [each.split() for each in world.attempts()]
    assert channel_cause_state[0] == ["sms", "first", "uncertain"]
    assert [each[0] for each in channel_cause_state][1:2] == ["email"]


def test_what_a_gone_provider_still_tells_is_kept(world: World) -> None:
    due(world)
    world.deliver()
    body = f'[{{"reference": "{world.last_attempt()}", "status": "delivered"}}]'.encode()
    without_sms(world)
    receipts.apply(world.resources, [Callback("1-0", "memory-sms", body)])
    assert world.dead() == [("receipt", "no provider is called memory-sms")]


def test_a_lane_without_a_provider_is_worked_off_in_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 6):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(world.clock.now() + timedelta(days=7))
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE reminder SET lane = 'voice'"))
    gates: list[int] = []

    def counted(resources: Resources, claimed: Sequence[Kept], budget: Budget) -> Passed:
        gates.append(len(claimed))
        return gate(resources, claimed, budget)

    monkeypatch.setattr("reminders.services.deliver.gate", counted)
    deliver(world.resources, "voice", world.loop)
    assert len(gates) == 1
    world.deliver()
    assert world.attempts() == ["sms first accepted"] * 5  # of older stages the use is over
