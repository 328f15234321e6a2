"""Two sessions at a time: each line of how customers, reminders and attempts are locked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from reminders.domain.identity import customer_id
from reminders.ledger import facts, locks
from reminders.services import incidents, maintain
from tests.scenario.world import START, World
from tests.scenario.world import bill_data as terms

ONE = customer_id("C-1")
_LOCK = text("SELECT 1 FROM customer WHERE customer_id = :id FOR NO KEY UPDATE")


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """A second thread, for what has to wait."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def due(world: World) -> None:
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(START.replace(day=8))


def waiting(world: World, future: Future[object]) -> str:
    """The statement in which some session waits for a lock; "" if `future` ended without."""
    for _ in range(6_000):
        if future.done():
            return ""
        found = world.rows(
            "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND backend_type = 'client backend'"
        )
        if found:
            return str(found[0][0])
        time.sleep(0.01)
    raise AssertionError("neither waiting nor done")


LOCKING = "FOR NO KEY UPDATE"


def in_doubt(world: World) -> None:
    """An address that failed long ago, and has been in doubt ever since."""
    with world.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE contact_point SET health = 'suspect', failed_at = '2020-01-01'"
                " WHERE channel = 'sms'"
            )
        )


def facts_of_every_kind(world: World) -> dict[str, Callable[[], object]]:
    return {
        "customer": world.customer,
        "bill": lambda: world.bill("B-9"),
        "payment": lambda: world.pay("P-9", 1),
        "opt-out": lambda: world.opt_out("sms"),
        "hold": world.hold,
        "contact": lambda: world.tell(
            "contact.changed", {"channel": "sms", "address": "+8616199999999"}
        ),
        "receipt": lambda: world.receipt(world.last_attempt(), "delivered"),
        "stop": lambda: world.posts({"from": "+8616100000001", "text": "STOP", "id": "m"}),
        "probe": lambda: maintain.probe(world.resources),
    }


@pytest.mark.parametrize(
    "name",
    ["customer", "bill", "payment", "opt-out", "hold", "contact", "receipt", "stop", "probe"],
)
def test_who_writes_a_fact_waits_for_the_customer(
    world: World, aside: ThreadPoolExecutor, name: str
) -> None:
    due(world)
    world.deliver()
    if name == "probe":
        in_doubt(world)
    with world.engine.connect() as other:
        other.execute(_LOCK, {"id": ONE})
        written: Future[object] = aside.submit(facts_of_every_kind(world)[name])
        # Not later, in a statement that writes: what is read before it would be old.
        assert LOCKING in waiting(world, written)
        other.rollback()
        written.result(60)


def test_recording_waits_for_the_customer(world: World, aside: ThreadPoolExecutor) -> None:
    due(world)
    results = world.call(world.gate(world.claim("sms")))
    with world.engine.connect() as other:
        other.execute(_LOCK, {"id": ONE})
        recorded: Future[object] = aside.submit(world.record, results)
        assert LOCKING in waiting(world, recorded)
        other.rollback()
        recorded.result(60)


def test_what_was_committed_while_we_waited_is_seen(
    world: World, aside: ThreadPoolExecutor
) -> None:
    """The lock is a statement of its own: in one with the read it would show the older state."""
    due(world)

    def balance() -> int:
        with world.engine.begin() as connection:
            locks.lock(connection, {ONE})
            known = facts.load(connection, {ONE}, world.resources.since(world.clock.now()))
            return known[ONE].bills["B-1"].balance

    with world.engine.connect() as other:
        other.execute(_LOCK, {"id": ONE})
        seen: Future[int] = aside.submit(balance)
        assert LOCKING in waiting(world, seen)  # type: ignore[arg-type]  # of any result
        other.execute(
            text(
                "INSERT INTO payment (customer_id, payment_id, bill_id, amount, currency, paid_at)"
                " VALUES (:id, 'P-1', 'B-1', 40000, 'TWD', now())"
            ),
            {"id": ONE},
        )
        other.commit()
        assert seen.result(60) == 60_000


def test_a_locked_customer_can_be_given_child_rows(world: World) -> None:
    due(world)
    with world.engine.connect() as holder, world.engine.connect() as other:
        locks.lock(holder, {ONE})
        other.execute(text("SET LOCAL lock_timeout = '500ms'"))
        other.execute(
            text("INSERT INTO hold (customer_id, hold_id) VALUES (:id, 'H-9')"), {"id": ONE}
        )
        other.rollback()
        holder.rollback()


def test_the_gate_leaves_locked_customers_to_the_next_sweep(world: World) -> None:
    due(world)
    world.customer("C-2")
    world.bill("B-2", who="C-2")
    world.evaluate()
    with world.engine.connect() as other:
        other.execute(_LOCK, {"id": ONE})
        claimed = [kept for kept in world.claim("sms") if kept.reminder.stage == "d-3"]
        passed = world.gate(claimed)
        assert [kept.reminder.bill_id for kept in passed.busy] == ["B-1"]
        assert [one.kept.reminder.bill_id for one in passed.handovers] == ["B-2"]
        other.rollback()
    (again,) = world.gate(passed.busy).handovers
    assert again.kept.reminder.bill_id == "B-1"


def test_a_run_gives_back_what_it_could_not_look_at(world: World) -> None:
    due(world)
    with world.engine.connect() as other:
        other.execute(_LOCK, {"id": ONE})
        assert world.deliver() == 0
        other.rollback()
    assert world.rows("SELECT 1 FROM reminder WHERE lease_until IS NOT NULL") == []
    assert world.deliver() > 0


def test_evaluation_leaves_locked_customers_to_the_next_run(world: World) -> None:
    due(world)
    world.pay("P-1", 100_000)
    with world.engine.connect() as other:
        other.execute(_LOCK, {"id": ONE})
        assert world.evaluate() == 0
        other.rollback()
    assert world.evaluate() == 1


def locked_by(world: World, work: Callable[[], object]) -> list[str]:
    """The tables whose rows `work` locks or rewrites, in order, each at its first time."""
    seen: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        takes = "FOR NO KEY UPDATE" in statement or statement.lstrip().startswith("UPDATE")
        for table in ("customer", "reminder", "attempt"):
            named = f"FROM {table} " in statement or f"UPDATE {table} " in statement
            if takes and named and table not in seen:
                seen.append(table)

    event.listen(world.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(world.engine, "before_cursor_execute", note)
    return seen


def test_customers_come_first_then_reminders_then_attempts(world: World) -> None:
    due(world)
    claimed = world.claim("sms")
    passed = []
    assert locked_by(world, lambda: passed.append(world.gate(claimed))) == ["customer", "reminder"]
    results = world.call(passed[0])
    order = ["customer", "reminder", "attempt"]
    assert locked_by(world, lambda: world.record(results)) == order
    assert locked_by(world, lambda: world.receipt(world.last_attempt(), "delivered")) == order


def test_customers_are_locked_in_the_order_of_their_numbers(world: World) -> None:
    for number in range(1, 6):
        world.customer(f"C-{number}")
    statements: list[str] = []

    def note(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(world.engine, "before_cursor_execute", note)
    try:
        world.take(*(world.event("customer.updated", _profile(), who=f"C-{n}") for n in range(5)))
    finally:
        event.remove(world.engine, "before_cursor_execute", note)
    locking = [each for each in statements if "FOR NO KEY UPDATE" in each]
    assert locking
    assert all("ORDER BY customer_id" in each for each in locking)


def _profile() -> dict[str, str]:
    return {"language": "en", "time_zone": "Asia/Taipei", "jurisdiction": "TW"}


def test_a_deadlock_is_retried(world: World, aside: ThreadPoolExecutor) -> None:
    world.customer()
    world.customer("C-2")
    two = customer_id("C-2")
    both = threading.Barrier(2, timeout=60)
    tries = {"up": 0, "down": 0}

    def work(name: str, first: int, second: int) -> Callable[[Connection], str]:
        def locked(connection: Connection) -> str:
            tries[name] += 1
            connection.execute(_LOCK, {"id": first})
            if tries[name] == 1:
                both.wait()
            connection.execute(_LOCK, {"id": second})
            return name

        return locked

    done = [
        aside.submit(locks.in_transaction, world.engine, work(name, first, second))
        for name, first, second in (("up", ONE, two), ("down", two, ONE))
    ]
    assert [each.result(60) for each in done] == ["up", "down"]
    assert sorted(tries.values()) == [1, 2]


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.LockNotAvailable(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.errors.ProgramLimitExceeded(), False),
        (psycopg.errors.NotNullViolation(), False),
        (psycopg.DataError("NUL"), False),
    ],
)
def test_only_what_passes_is_retried(error: psycopg.Error, passes: bool) -> None:
    assert locks.passing(DBAPIError("SELECT", {}, error)) is passes
    assert not locks.passing(ValueError())


def test_an_error_that_does_not_pass_is_not_retried(world: World) -> None:
    calls: list[int] = []

    def work(connection: Connection) -> None:
        calls.append(1)
        connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        locks.in_transaction(world.engine, work)
    assert calls == [1]


def test_two_claims_never_share_a_reminder(world: World) -> None:
    due(world)
    for number in range(2, 12):
        world.customer(f"C-{number}")
        world.tell("bill.issued", terms(f"B-{number}"), who=f"C-{number}")
    world.evaluate()
    first, second = world.claim("sms", 7), world.claim("sms", 500)
    ids = [kept.reminder.reminder_id for kept in (*first, *second)]
    assert len(ids) == len(set(ids)) == 22
    assert len({kept.token for kept in (*first, *second)}) == 22


def test_who_lost_the_lease_passes_no_gate(world: World) -> None:
    due(world)
    stale = world.claim("sms")
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE reminder SET lease_until = NULL")
    fresh = world.claim("sms")
    assert world.gate(stale).decided == 0
    assert len(world.gate(fresh).handovers) == 1


def test_the_end_of_an_incident_waits_for_no_reminder(world: World) -> None:
    """It takes no customer's lock: what is locked is being decided on, and is passed over."""
    due(world)
    number = incidents.open_incident(world.resources, "*", "on-call", "all is down")
    world.deliver()
    with world.engine.connect() as gate:
        gate.execute(text("SELECT 1 FROM reminder FOR UPDATE"))
        incidents.close_incident(world.resources, number, "on-call", "it works again")
    assert world.next_wake_up() is not None
