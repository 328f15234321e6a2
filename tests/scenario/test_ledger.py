"""What the database itself holds: append-only rows, keys by customer, nothing personal."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from reminders.domain.outcome import AttemptState, Permanent, Uncertain
from reminders.ledger import schema
from tests.scenario.world import START, World, profile, tables

CANARIES = ("+8616177700123", "77700123", "canary.person@example.com", "canary.person", "Canaria")


def due(world: World, **changed: object) -> None:
    world.tell("customer.updated", profile(1) | changed)
    world.bill()
    world.evaluate()
    world.clock.set(START + timedelta(days=7))


def three_due(world: World) -> None:
    """Three bills of one customer that share a message."""
    world.use("digests", digest=True)
    world.customer()
    for number in range(3):
        world.bill(f"B-{number}")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))


@pytest.mark.parametrize(
    "table",
    [
        *("billing_event", "decision", "attempt_event", "receipt", "bill_version"),
        "preference_change",
    ],
)
def test_what_was_said_is_never_rewritten(world: World, table: str) -> None:
    due(world)
    world.deliver()
    world.receipt(world.last_attempt(), "delivered")
    world.opt_out("sms")
    assert world.rows(f"SELECT count(*) FROM {table}")[0][0] > 0  # noqa: S608  (from the list)
    with (
        pytest.raises(DBAPIError, match="append-only: UPDATE refused"),
        world.engine.begin() as connection,
    ):
        connection.execute(text(f"UPDATE {table} SET customer_id = customer_id"))  # noqa: S608


def test_every_row_that_is_sealed_later_knows_its_transaction(world: World) -> None:
    found = world.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'xid'"
        " AND udt_name = 'xid8' AND column_default = 'pg_current_xact_id()'"
    )
    appended = {
        *("billing_event", "decision", "attempt_event", "receipt", "bill_version"),
        *("preference_change", "preference_verdict", "disclosure", "policy_activation"),
    }
    assert appended <= {row[0] for row in found}


def test_every_key_is_led_by_the_customer(world: World) -> None:
    found = world.rows(
        "SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]"
        " WHERE i.indisprimary AND NOT c.relispartition"
        " AND c.relnamespace = 'public'::regnamespace"
    )
    led = dict(found)
    exempt = {
        *("event_identity", "policy_version", "policy_activation", "alembic_version"),
        # Of everybody, or of all who share an address: locked by their key, after the customers.
        *("shared_counter", "shared_use"),
        # Found by what a provider quotes, before anybody knows whose it is.
        *("provider_ref", "parked_receipt"),
        # Of providers, channels and texts, not of customers.
        *("incident_act", "provider_shift", "template_act"),
    }
    assert {name for name, first in led.items() if first != "customer_id"} == exempt
    with world.engine.connect() as connection:
        assert set(tables(connection)) <= set(led)


def test_nothing_personal_stands_outside_the_secrets_or_in_a_log(world: World) -> None:
    points = [
        {"channel": "sms", "address": "+8616177700123"},
        {"channel": "email", "address": "canary.person@example.com"},
        {"channel": "in_app"},
    ]
    with capture_logs() as lines:
        due(world, contact_points=points, name="Canaria Example")
        broken = {"channel": "sms", "address": "call +8616177700123 for Canaria"}
        world.tell("contact.changed", broken)
        world.take(world.event("customer.updated", profile(1) | {"name": "Canaria\0"}), b"+8616177")
        world.tell("customer.updated", profile(1) | {"time_zone": "canary.person@example.com"})
        world.run_until(START + timedelta(days=12))
        world.receipt(world.last_attempt(), "delivered")
    assert {sent.message.address for sent in world.sms.sent} == {"+8616177700123"}
    assert {sent.message.address for sent in world.email.sent} == {"canary.person@example.com"}
    logged = json.dumps(lines, default=str)
    assert [canary for canary in CANARIES if canary in logged] == []
    with world.engine.connect() as connection:
        kept = {
            table: connection.execute(text(f"SELECT {table}::text FROM {table}")).scalars().all()  # noqa: S608
            for table in tables(connection)
        }
    assert len(kept["dead_letter"]) >= 3
    hexed = [canary.encode().hex() for canary in CANARIES]
    found = {
        (table, canary)
        for table, rows in kept.items()
        for canary in (*CANARIES, *hexed)
        if any(canary in row for row in rows)
    }
    assert found == set()


def test_a_handover_shows_no_address_when_it_is_printed(world: World) -> None:
    due(world)
    (handover,) = world.gate(world.claim("sms")).handovers
    assert handover.message.address == "+8616100000001"
    assert "16100000001" not in repr(handover)
    assert handover.message.text not in repr(handover)


def test_early_rows_wait_in_the_default_partition_and_move_when_their_month_is_made(
    world: World,
) -> None:
    world.customer()
    world.bill(due_on="2031-05-15")
    world.evaluate()
    counts = "SELECT tableoid::regclass::text, count(*) FROM reminder GROUP BY 1"
    assert dict(world.rows(counts)) == {"reminder_default": 7}
    world.clock.set(START.replace(year=2031, month=4))
    with world.engine.begin() as connection:
        made = schema.ensure_partitions(connection, world.clock.now())
        assert schema.ensure_partitions(connection, world.clock.now()) == []
    assert {"reminder_203105", "message_secret_203103", "decision_203107"} <= set(made)
    assert dict(world.rows(counts)) == {"reminder_203105": 7}
    world.run_until(START.replace(year=2031, month=6))
    assert len(world.sms.sent) == 6


def test_months_end_with_the_calendar() -> None:
    assert schema.months_around(START.replace(year=9999, month=12)) == [999911, 999912]
    assert schema.months_around(START.replace(month=11))[2:] == [202612, 202701, 202702]


# A worker that dies between the gate and the record of what it sent.


def lost(world: World) -> None:
    """One call was made (or not), and whoever made it never came back; its lease has ended."""
    due(world)
    world.call(world.gate(world.claim("sms")))
    assert world.attempts() == ["sms first submitted"]
    assert world.claim("sms") == []
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reminder SET lease_until = now() - interval '1 s'")


def test_an_attempt_that_was_lost_is_asked_about_and_not_sent_again(world: World) -> None:
    lost(world)
    world.deliver()
    assert len(world.sms.sent) == len(world.sms.asked) == 1
    assert world.attempts() == ["sms first accepted"]
    said = "SELECT state FROM attempt_event ORDER BY event_no"
    assert [row[0] for row in world.rows(said)] == [AttemptState.UNCERTAIN, AttemptState.ACCEPTED]


def test_it_is_asked_about_however_long_nobody_worked(world: World) -> None:
    lost(world)
    world.clock.set(world.clock.now() + timedelta(hours=3))
    world.deliver()
    assert len(world.sms.asked) == 1
    assert world.attempts() == ["sms first accepted"]


def test_one_that_the_provider_never_took_is_tried_again(world: World) -> None:
    lost(world)
    world.sms.answers = lambda _: Permanent("unknown reference")
    world.deliver()
    assert world.attempts() == ["sms first failed", "email failed accepted"]


def test_a_provider_that_cannot_be_asked_is_waited_for(world: World) -> None:
    due(world)
    world.tell("contact.changed", {"channel": "sms", "address": None})
    world.call(world.gate(world.claim("sms")))
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reminder SET lease_until = NULL")
    world.deliver()
    assert world.attempts() == ["email first uncertain"]
    world.run_until(START + timedelta(days=8))
    assert len(world.email.sent) == 1
    assert world.attempts() == ["email first uncertain", "in_app unconfirmed accepted"]


def test_a_record_that_comes_late_does_not_disturb_the_next_rung(world: World) -> None:
    """A receipt moved the reminder on while the first call's worker was still writing."""
    due(world)
    results = world.call(world.gate(world.claim("sms")))
    world.receipt(results[0].attempt_id, "undelivered")
    world.email.script = lambda _: Uncertain("timed out")
    second = world.gate(world.claim_all())
    assert len(second.handovers) == 1
    world.record(results)
    assert world.claim_all() == []
    assert world.rows("SELECT 1 FROM reminder WHERE stage = 'd-3' AND lease_until IS NOT NULL")
    world.record(world.call(second))
    assert world.attempts() == ["sms first undelivered", "email failed uncertain"]
