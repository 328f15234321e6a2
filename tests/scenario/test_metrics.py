"""The system's numbers over a real ledger, and what is told where a part cannot be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from redis.exceptions import ConnectionError as RedisDown
from sqlalchemy.exc import OperationalError

from reminders.domain.outcome import Uncertain
from reminders.ledger import backlog
from reminders.services import incidents, metrics, unreachable
from tests.scenario.world import START, World


def read(world: World) -> dict[str, dict[tuple[str, ...], float]]:
    return {gauge.name: dict(gauge.values) for gauge in metrics.read(world.resources)}


@pytest.fixture
def busy(world: World) -> World:
    """One message uncertain, one customer out of reach and one reminder due."""
    for number in (1, 2):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    for channel in ("sms", "email", "in_app"):
        world.tell("contact.changed", {"channel": channel, "address": None}, who="C-2")
    world.evaluate()
    world.sms.script = lambda _: Uncertain("no answer in time")
    world.sms.answers = lambda _: None
    world.clock.set(START + timedelta(days=7))
    world.deliver()
    return world


def test_the_numbers_are_those_of_the_ledger(busy: World) -> None:
    unreachable.find(busy.resources)
    incidents.open_incident(busy.resources, "email", "lin", "maintenance")
    found = read(busy)
    assert found["reminders_attempts_uncertain_open"] == {(): 1}
    assert found["reminders_customers_unreachable"] == {(): 1}
    assert found["reminders_human_tasks_open"] == {("unreachable",): 1, ("incident",): 1}
    assert found["reminders_human_tasks_overdue"] == {("unreachable",): 0, ("incident",): 0}
    assert found["reminders_incident_open"] == {("email",): 1}
    assert found["reminders_provider_share"]["memory-sms", "sms"] == 1
    assert found["reminders_channel_down"]["sms",] == 0
    assert found["reminders_stream_waiting"] == {
        ("reminders:events",): 0,
        ("reminders:receipts",): 0,
    }
    assert found["reminders_scrape_failed"] == {}
    still = busy.rows("SELECT count(*) FROM reminder WHERE state IN ('planned', 'contacting')")
    assert sum(found["reminders_open"].values()) == still[0][0]


def test_what_is_due_and_unsent_has_an_age(busy: World) -> None:
    ((next_at,),) = busy.rows("SELECT min(due_at) FROM reminder WHERE state = 'planned'")
    busy.clock.set(next_at + timedelta(hours=1))
    found = read(busy)
    assert found["reminders_due_unsent"][()] >= 1
    assert found["reminders_oldest_unsent_age_seconds"] == {(): 3600}


def test_a_part_that_fails_is_named_and_the_others_are_told(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(connection: object) -> dict[str, int]:
        raise OperationalError("SELECT", {}, Exception("canceling statement due to timeout"))

    def away(*_: object) -> int:
        raise RedisDown("away")

    monkeypatch.setattr(backlog, "open_by_lane", slow)
    monkeypatch.setattr(metrics, "waiting", away)
    found = read(busy)
    assert found["reminders_scrape_failed"] == {("open",): 1, ("streams",): 1}
    assert "reminders_open" not in found
    assert found["reminders_attempts_uncertain_open"] == {(): 1}
