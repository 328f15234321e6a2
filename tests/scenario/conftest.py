"""A real ledger for the scenarios, emptied between them; everything else is in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from reminders.ledger.schema import engine_for
from tests.integration.conftest import database_url, migrated, servers
from tests.scenario.world import World

__all__ = ["database_url", "migrated", "servers"]


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    opened = engine_for(database_url, pool_size=8, role="scenario")
    yield opened
    opened.dispose()


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    """A fresh story: empty tables, a clock at its start, channels that accept everything."""
    with World(engine) as fresh:
        yield fresh
