"""Customer locks: taken first, in a statement of their own, in one order, at READ COMMITTED.

Whoever writes or acts on a fact of a customer locks the customer before reading anything else.
NO KEY UPDATE lets others insert child rows; SKIP LOCKED lets the gate leave the busy ones to the
next sweep. Order everywhere: customers → reminders → attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

Result = TypeVar("Result")

_LOCK = """
SELECT customer_id FROM customer WHERE customer_id = ANY(CAST(:ids AS bigint[]))
ORDER BY customer_id FOR NO KEY UPDATE
"""
_LOCK_WAITING = text(_LOCK)
_LOCK_FREE = text(_LOCK + " SKIP LOCKED")


def lock(connection: Connection, customers: Iterable[int]) -> set[int]:
    """Lock these customers, waiting for whoever holds them; returns those that exist."""
    rows = connection.execute(_LOCK_WAITING, {"ids": sorted(set(customers))})
    return {row[0] for row in rows.all()}


def lock_free(connection: Connection, customers: Iterable[int]) -> set[int]:
    """Lock those of these customers that nobody else holds; returns them."""
    rows = connection.execute(_LOCK_FREE, {"ids": sorted(set(customers))})
    return {row[0] for row in rows.all()}


def passing(error: BaseException) -> bool:
    """Deadlocks, lock time-outs and lost connections: the same work again may succeed.

    What exceeds a limit of PostgreSQL (class 54: a row too long for its index) or a statement's
    time (57014) is called an operational error too, and would be tried for ever.
    """
    if not isinstance(error, DBAPIError):
        return False
    if (getattr(error.orig, "sqlstate", None) or "").startswith(("54", "57014")):
        return False
    return error.connection_invalidated or isinstance(
        error.orig,
        (
            psycopg.errors.DeadlockDetected,
            psycopg.errors.LockNotAvailable,
            psycopg.errors.SerializationFailure,
            psycopg.OperationalError,
        ),
    )


def in_transaction(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in one transaction; a deadlock, a lock time-out or a lost connection is retried.

    `work` must be safe to run again: it sees a fresh transaction each time.
    """
    for attempt in Retrying(
        retry=retry_if_exception(passing),
        stop=stop_after_attempt(6),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        reraise=True,
    ):
        with attempt, engine.begin() as connection:
            return work(connection)
    raise AssertionError("unreachable: Retrying re-raises")
