"""Confirmations by many channels: what jams or fails on one of them touches no other (S1.19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from channels.fleet import Fleet
from channels.pacing import Grant
from reminders.domain.outcome import Accepted, Transient
from reminders.ledger import confirmations as outbox
from reminders.ledger.confirmations import Owed
from reminders.services import confirmations
from reminders.services.confirmations import AGAIN, confirm
from tests.scenario.test_inbound import FROM, says
from tests.scenario.world import World

MAIL = "customer.1@example.com"


class Jammed:
    """Pacing that grants nothing to one provider."""

    def __init__(self, name: str) -> None:
        self._name = name

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        return Grant(0 if key == self._name else wanted, timedelta(seconds=1))

    def hold(self, key: str, for_: timedelta) -> None:
        return None


def asked_by_both(world: World) -> None:
    """One STOP by SMS, and a moment later one by mail."""
    world.customer()
    says(world, "STOP")
    world.clock.set(world.clock.now() + AGAIN)
    world.posts({"from": MAIL, "text": "STOP", "id": "m-2"}, channel="email")


def states(world: World) -> dict[str, str]:
    found = world.rows("SELECT channel, state || ' ' || handled_by FROM inbound_message")
    return {channel: state.strip() for channel, state in found}


def fails_on_sms(error: BaseException) -> Callable[..., list[Owed]]:
    take = outbox.take

    def broken(connection: Connection, channel: str, now: datetime, most: int) -> list[Owed]:
        if channel == "sms":
            raise error
        return take(connection, channel, now, most)

    return broken


def test_a_jam_of_one_channel_takes_no_others_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmations, "AT_ONCE", 1)
    providers = tuple(world.resources.fleet.by_name.values())
    world.resources = replace(world.resources, fleet=Fleet(providers, Jammed(world.sms.name)))
    asked_by_both(world)
    assert confirm(world.resources, world.loop) == 1
    assert states(world) == {"sms": "confirm", "email": "done confirmation"}


@pytest.mark.parametrize("step", ["take", "take_lost"])
def test_what_was_begun_is_called_though_a_later_transaction_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Or nobody would know whether it left, and a STOP stay unconfirmed for good."""
    asked_by_both(world)
    refused = DataError("", {}, psycopg.errors.NumericValueOutOfRange())

    def lost(connection: Connection, most: int) -> list[Owed]:
        raise refused

    with monkeypatch.context() as failing:
        failing.setattr(outbox, step, fails_on_sms(refused) if step == "take" else lost)
        with pytest.raises(ExceptionGroup):
            confirm(world.resources, world.loop)
    assert [each.message.address for each in world.email.sent] == [MAIL]
    assert states(world)["email"] == "done confirmation"
    confirm(world.resources, world.loop)
    assert [each.message.address for each in world.sms.sent] == [FROM]
    assert set(states(world).values()) == {"done confirmation"}


def test_what_was_begun_and_never_called_goes_back_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_by_both(world)
    with monkeypatch.context() as dying:
        dying.setattr(outbox, "take", fails_on_sms(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            confirm(world.resources, world.loop)
    assert (world.email.sent, states(world)["email"]) == ([], "confirm")
    assert confirm(world.resources, world.loop) == 2
    assert set(states(world).values()) == {"done confirmation"}


def test_one_that_cannot_be_written_down_leaves_none_of_the_others_uncertain(
    world: World,
) -> None:
    """A provider's answer is a stranger's text: PostgreSQL takes no NUL in it."""
    world.sms.capabilities = replace(world.sms.capabilities, quotes_ref=True)
    asked_by_both(world)
    world.sms.script = lambda _: Accepted("a\0b")
    world.email.script = lambda _: Transient("down\0\ud800")
    assert confirm(world.resources, world.loop) == 1
    assert states(world) == {"sms": "done confirmation", "email": "confirm"}
