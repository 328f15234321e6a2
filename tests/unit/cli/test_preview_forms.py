"""A preview on the terminal: every channel's form, with what it costs, in eighty columns."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from config.settings import SHIPPED
from reminders.cli.messages import app
from reminders.cli.preview_forms import show
from reminders.messages.facts import Kind
from reminders.messages.preview_page import NAMES, Preview, Shown
from reminders.messages.templates import TemplateSet
from reminders.services.compose_preview import CHANNELS, Asked, preview_sample


@pytest.fixture(scope="module")
def shipped() -> TemplateSet:
    return TemplateSet.load(SHIPPED / "templates")


def told(preview: Preview, *, terminal: bool) -> str:
    into = StringIO()
    width = 80 if terminal else 1_000
    show(Console(file=into, force_terminal=terminal, color_system=None, width=width), preview)
    return into.getvalue()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", [Kind.OVERDUE, Kind.LEGAL_NOTICE, Kind.OPTOUT_DISCLOSURE])
def test_every_form_is_there_and_in_its_place(
    shipped: TemplateSet, kind: Kind, language: str
) -> None:
    preview = preview_sample(shipped, Asked(kind, language), {"sms": 45})
    boxed, lines = told(preview, terminal=True), told(preview, terminal=False)
    assert all(NAMES[channel] in boxed and NAMES[channel] in lines for channel in CHANNELS)
    assert max(map(cell_len, boxed.splitlines())) <= 80
    assert " x 45 = " in boxed
    assert "as HTML, which --html FILE shows: " in lines
    for each in preview.shown:
        assert each.rendered is not None
        assert each.rendered.text in lines or each.channel == "webhook"


def test_why_a_form_is_not_there_is_told() -> None:
    shown = told(Preview("x", "y", [Shown("sms", None, "no template")]), terminal=False)
    assert shown == "x\ny\n\nText message\nno template\n"


def test_the_command_shows_it_and_opens_only_what_it_wrote(tmp_path: Path) -> None:
    run = CliRunner()
    data = ["--data", str(tmp_path)]
    said = run.invoke(app, ["preview", "--kind", "due_today", *data])
    assert (said.exit_code, said.stdout.splitlines()[0]) == (0, "Preview of due_today")
    assert "<" not in said.stdout
    refused = run.invoke(app, ["preview", "--open", *data])
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "--open shows the page that --html FILE writes" in refused.stderr
