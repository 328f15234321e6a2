"""Silence past a rung's time counts against the provider that took the message, until heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.exc import DataError, OperationalError

from channels.fleet import Fleet
from channels.health import Awaited, Confirmation, Unwatched
from reminders.ledger import contact_points
from reminders.ledger.attempts import Change
from reminders.services import receipts
from reminders.services.deliver import deliver
from reminders.services.provider_opt_outs import OptedOut
from tests.scenario.test_ledger import due
from tests.scenario.world import Free, World


class Hearing(Unwatched):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.awaited: list[Awaited] = []
        self.confirmed: list[Confirmation] = []
        self.connections: list[int] = []  # that were held as it was told of receipts
        self.held: Callable[[], int] = lambda: 0

    def expect(self, awaited: Sequence[Awaited]) -> None:
        self.awaited += awaited

    def confirm(self, confirmations: Sequence[Confirmation]) -> None:
        self.confirmed += confirmations
        self.connections.append(self.held())


@pytest.fixture
def health(world: World) -> Hearing:
    """The world's own health; an SMS has been accepted by the lane's real sender."""
    health = Hearing()
    health.held = world.engine.pool.checkedout  # type: ignore[attr-defined]  # of QueuePool
    providers = tuple(world.resources.fleet.by_name.values())
    world.resources = replace(world.resources, fleet=Fleet(providers, Free(), health))
    due(world)
    deliver(world.resources, "sms", world.loop)
    return health


def test_what_is_accepted_is_awaited_until_its_rungs_time_is_over(
    world: World, health: Hearing
) -> None:
    (awaited,) = health.awaited
    ((submitted_at, confirm_by),) = world.rows("SELECT submitted_at, confirm_by FROM attempt")
    assert awaited == Awaited(world.sms.name, "+86161", submitted_at, confirm_by)
    assert confirm_by > submitted_at


@pytest.mark.parametrize("late", [False, True])
def test_a_receipt_takes_back_exactly_what_was_awaited(
    world: World, health: Hearing, late: bool
) -> None:
    (awaited,) = health.awaited
    if late:
        world.clock.set(awaited.by + timedelta(hours=1))
        world.deliver()
        assert len(world.attempts()) == 2
    attempt = world.rows("SELECT attempt_id FROM attempt WHERE channel = 'sms'")[0][0]
    world.receipt(attempt, "delivered")
    (confirmed,) = health.confirmed
    assert confirmed[:4] == (world.sms.name, "+86161", awaited.sent_at, True)
    assert confirmed.awaited == awaited
    world.receipt(attempt, "read")
    assert len(health.confirmed) == 1


def test_a_loss_that_is_refuted_is_taken_back(world: World, health: Hearing) -> None:
    attempt = world.rows("SELECT attempt_id FROM attempt")[0][0]
    world.receipt(attempt, "undelivered")
    world.receipt(attempt, "delivered")
    lost, found = health.confirmed
    assert (lost.arrived, lost.lost_before, lost.awaited) == (False, False, health.awaited[0])
    assert (found.arrived, found.lost_before, found.awaited) == (True, True, None)


def test_what_is_rolled_back_and_done_again_is_told_once_after_its_commit(
    world: World, health: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no lock is held meanwhile: Redis may be slow."""
    tries: list[int] = []

    def fails_first(changed: Iterable[Change]) -> list[OptedOut]:
        tries.append(len(health.confirmed))
        if len(tries) == 1:
            raise OperationalError("", {}, psycopg.errors.DeadlockDetected())
        return []

    monkeypatch.setattr(receipts, "opted_out", fails_first)
    world.receipt(world.rows("SELECT attempt_id FROM attempt")[0][0], "delivered")
    assert (tries, len(health.confirmed), health.connections) == ([0, 0], 1, [0])


def test_what_is_refused_for_good_is_not_told(
    world: World, health: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(changed: Iterable[Change]) -> list[OptedOut]:
        raise DataError("", {}, psycopg.errors.NumericValueOutOfRange())

    monkeypatch.setattr(receipts, "opted_out", fails)
    world.receipt(world.rows("SELECT attempt_id FROM attempt")[0][0], "delivered")
    assert health.confirmed == []
    assert len(world.dead()) == 1


def test_mail_is_not_awaited_for_it_never_says_delivered(world: World, health: Hearing) -> None:
    health.awaited.clear()
    world.clock.set(world.clock.now() + timedelta(days=1))
    world.deliver()
    assert "email" in {each.split()[0] for each in world.attempts()}
    assert health.awaited == []


def test_addresses_are_found_by_their_reference_alone(world: World) -> None:
    due(world)
    with world.engine.connect() as connection:
        rows = contact_points.addresses(connection, [world.facts().customer.customer_id])
        keys = {
            (customer, secret): (key, body) for (customer, _), (secret, key, body) in rows.items()
        }
        assert contact_points.by_secret(connection, keys) == keys
        assert contact_points.by_secret(connection, []) == {}
