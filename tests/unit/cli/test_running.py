"""What every command shares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from config.settings import NoSettings, SettingsError
from reminders.cli.failures import told
from reminders.cli.running import called, logs_aside, settings


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


def test_with_nothing_set_and_nothing_running_one_line_says_how_to_begin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is what a command says first to whoever has started nothing yet."""
    for name in ("REDIS_URL", "DATABASE_URL", "REDIS_URL_FILE", "DATABASE_URL_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoSettings) as nothing:
        settings(tmp_path)
    line, code = told(nothing.value) or ("", 0)
    assert (code, line.count("\n")) == (2, 0)
    assert line.startswith(f"no system runs in {tmp_path}: start one with `")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/bills")
    with pytest.raises(SettingsError) as some:
        settings(tmp_path)
    line, code = told(some.value) or ("", 0)
    assert (code, "REMINDERS_HASH_KEY" in line) == (2, True)
