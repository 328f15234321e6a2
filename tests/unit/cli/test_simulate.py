"""`reminders simulate`: a table, JSON or a page; bad input is one line and exit code 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from config.settings import SHIPPED
from reminders.cli import simulate as module
from reminders.domain.errors import DomainError
from tests.unit.services.simulate.history import TINY, write

DEFAULT = str(SHIPPED / "policies" / "default.yaml")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(module.simulate)
    return CliRunner().invoke(app, [*arguments, "--processes", "1"])


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    return str(write(tmp_path / "tiny.ndjson", TINY))


def test_json_names_its_figures_and_its_model(tiny: str) -> None:
    result = run("--policy", "default", "--events", tiny, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert {
        "decisions",
        "decisions_per_s",
        "decisions_per_cpu_s",
        "messages",
        "hash",
        "cpu_s",
        "seconds",
        "peak_memory_mb",
        "customers",
        "bills",
    } <= told.keys()
    assert told["customers"] == 3
    assert told["messages"] > 0
    assert "not observed" in told["model"]["note"]


def test_the_table_compares_and_says_what_is_assumed(tiny: str, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "sim.html"
    result = run("--policy", DEFAULT, "--against", "default", "--events", tiny, "--html", str(page))
    assert result.exit_code == 0, result.output
    assert "not observed" in " ".join(result.stdout.split())
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_malformed_lines_are_counted_and_said(tmp_path: Path) -> None:
    events = str(write(tmp_path / "odd.ndjson", TINY, "{"))
    result = run("--policy", "default", "--events", events)
    assert result.exit_code == 0
    assert "1 malformed events left out (line 9: " in result.stderr
    assert (
        json.loads(run("--policy", "default", "--events", events, "--json").stdout)["malformed"]
        == 1
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--policy", "default"), "give either --events or --data"),
        (("--policy", "nobody", "--events", "{tiny}"), "no policy is called nobody"),
        (
            ("--policy", "default", "--events", "{tiny}", "--from", "tomorrow"),
            "--from takes a day such as 2026-01-31, not tomorrow",
        ),
        (
            (
                "--policy",
                "default",
                "--events",
                "{tiny}",
                "--from",
                "2026-02-02",
                "--to",
                "2026-02-01",
            ),
            "--to 2026-02-01 is before --from 2026-02-02",
        ),
        (("--policy", "default", "--data", "x", "--clients", "0"), "--clients takes a number"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    tiny: str, arguments: tuple[str, ...], why: str
) -> None:
    result = run(*(each.replace("{tiny}", tiny) for each in arguments))
    assert result.exit_code == 2
    assert why in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("source", [("--events",), ("--data",)])
def test_a_missing_file_is_named(source: tuple[str], tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.ndjson")
    result = run("--policy", "default", *source, missing)
    assert isinstance(result.exception, DomainError)  # which the command turns into one line
    assert "missing.ndjson cannot be read" in str(result.exception)


def test_a_bar_is_drawn_on_a_terminal_once_it_takes_longer_than_a_moment(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Console(force_terminal=True, width=100, record=True)
    monkeypatch.setattr(module, "_QUIET_S", -1.0)
    monkeypatch.setattr(module, "Console", lambda **given: drawn)
    with drawn.capture() as captured:
        assert run("--policy", "default", "--events", tiny, "--json").exit_code == 0
    assert "3 customers" in captured.get()
