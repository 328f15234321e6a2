"""`reminders retry` brings forward what waits, through the gate, and reopens nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from reminders.domain.outcome import Permanent, Transient, Uncertain
from tests.integration.cli.conftest import Command, World

FULL = Transient("gateway 503", retry_after=timedelta(minutes=30))


def refused(world: World, *refs: str) -> None:
    """Bills whose d-3 was refused by SMS and waits half an hour."""
    for ref in refs:
        world.customer(ref)
        world.bill(ref, f"B-{ref}")
    world.work()
    world.sms.answers = [FULL] * len(refs)
    world.at("2026-03-22T10:00:00")


def counted(reminders: Command, *words: str) -> dict[str, Any]:  # Any: JSON
    result = reminders("retry", "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def states(world: World) -> list[str]:
    with world.resources.engine.connect() as connection:
        rows = connection.execute(text("SELECT state FROM reminder ORDER BY due_at"))
        return [row[0] for row in rows]


def test_a_dry_run_counts_and_changes_nothing(world: World, reminders: Command) -> None:
    refused(world, "C-1", "C-2")
    found = counted(reminders, "--dry-run")
    assert (found["matched"], found["due"]) == (2, 0)
    assert found["by"] == [
        {
            "channel": "sms",
            "provider": "sms-gateway",
            "state": "failed",
            "reason": "gateway 503",
            "reminders": 2,
        }
    ]
    world.work()
    assert len(world.sms.sent) == 2


def test_what_waits_is_sent_now(world: World, reminders: Command) -> None:
    refused(world, "C-1", "C-2")
    assert "1 reminders are due now" in reminders("retry", "--bill", "B-C-1").stdout
    world.work()
    assert len(world.sms.sent) == 3
    assert counted(reminders, "--dry-run")["matched"] == 1
    told = reminders("timeline", "B-C-1").stdout
    assert "d-3: SMS: retried by hand" in told
    assert "d-3: SMS again to +86161****0001" in told


def test_the_gate_still_looks_at_every_fact(world: World, reminders: Command) -> None:
    refused(world, "C-1")
    world.pay("C-1", "B-C-1", 123_400)
    assert counted(reminders)["due"] == 1
    world.work()
    assert len(world.sms.sent) == 1
    assert "cancelled: paid in full" in reminders("timeline", "B-C-1").stdout


def test_only_what_is_asked_for(world: World, reminders: Command) -> None:
    refused(world, "C-1")
    for words, count in {
        ("--channel", "sms"): 1,
        ("--channel", "email"): 0,
        ("--provider", "smtp-relay"): 0,
        ("--reason", "gateway 503"): 1,
        ("--reason", "other"): 0,
        ("--since", "2026-03-22"): 1,
        ("--since", "2026-03-22T10:00:01+08:00"): 0,
        ("--until", "2026-03-22T10:00:00+08:00"): 0,
        ("--bill", "B-other"): 0,
    }.items():
        assert counted(reminders, "--dry-run", *words)["matched"] == count, words


def test_an_open_answer_is_never_sent_again(world: World, reminders: Command) -> None:
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.work()
    world.sms.answers = [Uncertain("no answer: TimeoutError")]
    world.at("2026-03-22T10:00:00")
    assert counted(reminders)["due"] == 1
    world.work()
    assert len(world.sms.sent) == 1


def test_what_has_ended_stays_so_and_is_counted(world: World, reminders: Command) -> None:
    world.customer("C-1")
    for channel in ("email", "in_app"):
        world.publish(
            "preference.changed",
            customer_id="C-1",
            actor="customer",
            channel=channel,
            message_kind="*",
            allowed=False,
        )
    world.bill("C-1", "B-1")
    world.work()
    world.sms.answers = [Permanent("unknown_subscriber")]
    world.at("2026-03-22T10:00:00")
    before = states(world)
    assert "exhausted" in before
    output = reminders("retry", "--bill", "B-1").stdout
    assert "0 reminders are due now" in output
    assert "1 have ended and stay so: 1 exhausted (every channel was tried)" in output
    assert "the next stage will speak, on 2026-03-24 02:00 UTC" in output
    world.work()
    assert states(world) == before


def test_a_time_that_is_none(world: World, reminders: Command) -> None:
    result = reminders("retry", "--since", "yesterday")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --since 'yesterday' is no time")
