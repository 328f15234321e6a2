"""What every command shares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from reminders.cli.running import called, logs_aside


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


def test_hints_name_the_command_as_the_shell_here_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beside = tmp_path / ".venv" / "bin"
    beside.mkdir(parents=True)
    (beside / "reminders").write_text("")
    (beside / "reminders").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(beside / "python"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    assert called() == ".venv/bin/reminders"
    monkeypatch.chdir("/")
    assert called() == str(beside / "reminders")[1:]
    monkeypatch.setenv("PATH", str(beside))
    assert called() == "reminders"
