"""A plain command line is read as the library for all others would read it, without it."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer
from typer.core import TyperArgument, TyperOption

from reminders.cli import explain, story_lines, timeline
from reminders.cli.commands import app
from reminders.cli.lazy import LazyGroup
from reminders.cli.plain import STORIES, Given, ran, read


@pytest.mark.parametrize("name", STORIES)
def test_it_knows_every_option_of_the_command(name: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    params = group.load(name).params
    options = [each for each in params if isinstance(each, TyperOption)]
    words = {(each.opts[-1], each.name) for each in options if not each.is_flag}
    flags = {(each.opts[-1], each.name) for each in options if each.is_flag}
    assert words == set(STORIES[name].texts.items())
    assert flags == set(STORIES[name].flags.items())
    assert [each.name for each in params if isinstance(each, TyperArgument)] == ["bill"]


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["explain", "B-1"], {"bill": "B-1"}),
        (["explain", "--stage", "d-3", "B-1"], {"stage": "d-3", "bill": "B-1"}),
        (["explain", "B-1", "--stage=d-3", "--stage", "d-1"], {"bill": "B-1", "stage": "d-1"}),
        (["explain", "B-1", "--at=", "--verify"], {"bill": "B-1", "at": "", "verify": True}),
        (["timeline", "", "--json"], {"bill": "", "as_json": True}),
        (["timeline", "B", "--data", "a/b"], {"bill": "B", "data": Path("a/b")}),
        (["timeline", "B", "--data=-x"], {"bill": "B", "data": Path("-x")}),
    ],
)
def test_what_is_plain_is_read(words: Sequence[str], given: Given) -> None:
    assert read(words) == given


@pytest.mark.parametrize(
    "line",
    [
        *("", "status", "explain", "explain --help", "explain B-1 --help", "explain B-1 B-2"),
        *("explain B-1 --stage", "explain B-1 --stage --json", "explain B-1 --json=yes"),
        *("explain -- B-1", "explain B-1 -x", "timeline B-1 --stage d-3", "explain B-1 --stag x"),
        *("--help explain B-1", "explain B-1 --nonsense=x"),
    ],
)
def test_what_is_not_is_left_to_the_library(line: str) -> None:
    assert read(line.split()) is None
    assert not ran(line.split())


def test_a_language_without_words_for_a_customer_is_bad_input(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        explain.explain("B-1", language="zh-CN")
    assert ended.value.code == 2
    assert "add --for-customer" in capsys.readouterr().err


def test_whoever_reads_no_further_ends_the_command_without_a_trace(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom reminders.cli import plain, story_lines\n"
        "plain._command = lambda name: lambda **given: story_lines.print_text('x')\n"
        "sys.argv = ['reminders', 'explain', 'B-1']\n"
        "from reminders.cli.main import run\nrun()\n"
    )
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603  (our own interpreter and code)
        [sys.executable, "-c", script], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, *lines: story_lines.Line) -> str:
    """What a terminal of forty columns gets."""
    monkeypatch.setattr(sys, "stdout", found := Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    story_lines.say([lines])
    return found.getvalue()


def test_a_line_that_fits_is_coloured_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setitem(sys.modules, "rich.console", None)  # importing it would fail
    told = shown(monkeypatch, [("due", "bold cyan")], [("✓", "green"), (" paid", "")])
    assert told == "\x1b[1;36mdue\x1b[0m\n\x1b[32m✓\x1b[0m paid\n"


@pytest.mark.parametrize("text", ["word " * 9, "账单" * 11])
def test_a_line_that_does_not_fit_is_wrapped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert len(shown(monkeypatch, [(text.strip(), "")]).splitlines()) == 2


def test_what_is_wrapped_stays_below_its_own_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    told = shown(monkeypatch, [("  → ", ""), ("word " * 12, "")], [("    ", ""), ("账单" * 20, "")])
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    indents = [len(row) - len(row.lstrip()) for row in plain.splitlines()]
    assert indents == [2, 2, 4, 4, 4]
    assert max(map(len, plain.splitlines())) <= 40


def test_a_story_breaks_no_name_at_its_hyphens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    text = "d-3: SMS first to +86105****0001 — no answer from sms-aliyun"
    rows = ["".join(part for part, _ in row) for row in timeline._lines([("  10:00  ", text, "")])]
    assert len(rows) == 3
    assert [row.strip() for row in rows[1:]] == ["+86105****0001 — no answer from", "sms-aliyun"]


def test_nothing_is_coloured_for_who_wants_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    told = shown(monkeypatch, [("due", "cyan")])
    assert "36" not in told
    assert "due" in told
