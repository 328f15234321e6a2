"""What every command shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from reminders.cli.running import logs_aside


@pytest.fixture(autouse=True)
def _unset() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def test_a_warning_leaves_standard_output_to_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs_aside()
    structlog.get_logger().warning("holidays.unknown")
    told = capsys.readouterr()
    assert told.out == ""
    assert "holidays.unknown" in told.err
