"""The database's shape: migrations up to date, monthly partitions in place."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text

from reminders.ledger import arrays

MONTHLY = (
    "billing_event",
    "reminder",
    "decision",
    "attempt",
    "attempt_event",
    "receipt",
    "message_secret",
    "dead_letter",
)
MONTHS_BEHIND, MONTHS_AHEAD = 1, 3
_ADVISORY_LOCK = 8_120_061


# The hot path finds its rows by key and by nothing else, with plans made once. Left to itself the
# planner plans each statement anew, and hashes or scans whole months while they are still small.
BY_KEY = (
    " -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)


def engine_for(
    url: str, *, pool_size: int = 4, role: str = "reminders", by_key: bool = False
) -> Engine:
    """An engine with bounded waits: connect 5 s, lock 5 s, statement 60 s, at READ COMMITTED.

    `by_key` is for processes that only ever look rows up by their keys.

    What is read often is read in `begin`: a connection that is closed without a commit is rolled
    back, and after a rollback psycopg forgets the plans of all statements.
    """
    options = "-c lock_timeout=5s -c statement_timeout=60s -c timezone=UTC"
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        hide_parameters=True,  # an error's text reaches the log, and parameters are personal
        connect_args={
            "connect_timeout": 5,
            "options": options + BY_KEY if by_key else options,
            "application_name": role,
            "prepare_threshold": 0,  # our statements are few, and each is run again and again
        },
    )
    event.listen(engine, "connect", lambda connection, _: arrays.register(connection))
    return engine


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest migration; safe to run from many processes."""
    from alembic import command  # only what migrates needs them, and they take long to import
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()


def months_around(now: datetime) -> list[int]:
    """The partition months that work at `now` may touch: one behind to three ahead."""
    first = now.year * 12 + now.month - 1 - MONTHS_BEHIND
    return [
        index // 12 * 100 + index % 12 + 1
        for index in range(first, first + MONTHS_BEHIND + MONTHS_AHEAD + 1)
        if index // 12 <= 9999
    ]


def ensure_partitions(connection: Connection, now: datetime) -> list[str]:
    """Create the partitions around `now` that are missing; returns their names.

    Rows that came early (a due date far ahead) wait in the default partition and are moved in
    the same transaction. Each table is done under its own short lock.
    """
    made = []
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
    for month in months_around(now):
        for table in MONTHLY:
            name = f"{table}_{month}"
            found = connection.execute(text("SELECT to_regclass(:name)"), {"name": name}).scalar()
            if found is None:
                _create(connection, table, name, month)
                made.append(name)
    return made


def _create(connection: Connection, table: str, name: str, month: int) -> None:
    # The names come from our own list and an integer, never from input.
    after = month + 1 if month % 100 < 12 else month + 89
    autovacuum = "autovacuum_vacuum_scale_factor = 0.02"
    fill = "fillfactor = 75, " if table in {"reminder", "attempt"} else ""
    like = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED"
    moved = f"WITH early AS (DELETE FROM {table}_default WHERE month = {month} RETURNING *)"  # noqa: S608
    taken = f"{moved} INSERT INTO {name} OVERRIDING SYSTEM VALUE SELECT * FROM early"  # noqa: S608
    statements = (
        f"CREATE TABLE {name} (LIKE {table} {like}) WITH ({fill}{autovacuum})",
        taken,
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({month}) TO ({after})",
    )
    for statement in statements:
        connection.execute(text(statement))
