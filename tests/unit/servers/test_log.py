"""One line per line, with time and name, wherever it goes."""

import io
import re
from pathlib import Path

import pytest

from reminders.servers import log
from reminders.servers.log import Log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_has_time_name_and_text_in_file_and_output(tmp_path: Path) -> None:
    output = io.StringIO()
    written = Log(tmp_path / "log" / "system.log", output)
    written("redis", "Ready")
    written.close()
    line = (tmp_path / "log" / "system.log").read_text()
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} redis      Ready\n", line)
    assert output.getvalue() == line


def test_names_are_coloured_on_a_terminal_only_and_each_keeps_its_colour(tmp_path: Path) -> None:
    terminal = Terminal()
    written = Log(tmp_path / "system.log", terminal)
    for name in ("redis", "http", "redis"):
        written(name, "x")
    written.close()
    first, other, again = re.findall("\x1b\\[(\\d+)m", terminal.getvalue().replace("\x1b[0m", ""))
    assert first == again != other
    assert "\x1b" not in (tmp_path / "system.log").read_text()


def test_a_terminal_that_went_away_does_not_stop_the_log(tmp_path: Path) -> None:
    terminal = io.StringIO()
    written = Log(tmp_path / "system.log", terminal)
    terminal.close()
    written("redis", "one")
    written("redis", "two")
    written.close()
    assert len((tmp_path / "system.log").read_text().splitlines()) == 2


def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "KEEP_BYTES", 10)
    path = tmp_path / "system.log"
    path.write_text("old line of an earlier run\n")
    Log(path, None).close()
    assert path.read_text() == ""
    assert (tmp_path / "system.old.log").read_text().startswith("old line")
