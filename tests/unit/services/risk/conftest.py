"""One generated history for all tests of a module: making and reading it costs more than a test."""

from __future__ import annotations

import pytest

from reminders.services.risk.history import History, read_history
from tests.unit.services.risk.generated import rows, written


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return read_history(written(tmp_path_factory.mktemp("risk") / "rows.csv", rows(2500)))
