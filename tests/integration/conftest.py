"""Real Redis and PostgreSQL for the integration tests: started once, emptied per module."""

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from reminders.servers.development import Servers
from reminders.servers.embedded import embedded_servers
from reminders.servers.supervisor import Supervisor

TEMPLATE = "migrated"
_numbers = count(1)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both embedded servers in a folder of this session alone."""
    data_dir: Path = tmp_path_factory.mktemp("servers")
    lines: list[str] = []
    with (
        Supervisor(data_dir, sink=lambda name, line: lines.append(f"{name} {line}")) as supervisor,
        embedded_servers(data_dir, supervisor=supervisor) as running,
    ):
        _hurry(running)
        yield running


def _hurry(servers: Servers) -> None:
    """Let neither wait for the disk: nobody kills these two, and they end with the tests.

    A module's database is dropped in a tenth of the time, each write to Redis takes a third. What
    a kill must not lose is tested on servers of its own (`tests/integration/servers`, the chaos).
    """
    with _owner(servers.database_url) as owner:
        owner.execute("ALTER SYSTEM SET fsync = off")
        owner.execute("ALTER SYSTEM SET full_page_writes = off")
        owner.execute("SELECT pg_reload_conf()")
    with redis.Redis.from_url(servers.redis_url) as client:
        client.config_set("appendfsync", "no")


@pytest.fixture(scope="module")
def redis_url(servers: Servers) -> str:
    """The Redis of the session, emptied before each module."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture(scope="session")
def migrated(servers: Servers) -> str:
    """The name of a database with every migration, never connected to: it is copied."""
    with _owner(servers.database_url) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(_named(servers.database_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(servers: Servers, migrated: str) -> Iterator[str]:
    """A fresh migrated database for each module, dropped with whatever is still connected."""
    name = f"module_{next(_numbers)}"
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    # Nobody kills this server: what it would lose is never asked for.
    hasty = sql.SQL("ALTER DATABASE {} SET synchronous_commit = off")
    with _owner(servers.database_url) as owner:
        owner.execute(made.format(sql.Identifier(name), sql.Identifier(migrated)))
        owner.execute(hasty.format(sql.Identifier(name)))
    yield _named(servers.database_url, name)
    with _owner(servers.database_url) as owner:
        owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def migrate(url: str) -> None:
    """Bring a database to the newest schema; empty as long as there is none."""
    if importlib.util.find_spec("reminders.ledger.schema") is None:
        return
    importlib.import_module("reminders.ledger.schema").upgrade(url)


def _named(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"


@contextmanager
def _owner(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection
