"""What the documentation says exists: commands, targets, files, links, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from config import asking
from config.settings import Settings
from reminders.cli.commands import app
from reminders.cli.lazy import LazyGroup
from reminders.compiled import taking
from tests.unit.project.tree import ROOT, read

PAGES = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
)
FENCED = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^    (.+)$", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MAKE = re.compile(r"(?:^|[;&|] *)make ([a-z][a-z-]*)", re.MULTILINE)
COMMAND = re.compile(
    r"(?:^ *|[;&|] *|python -m )(?:\.venv/bin/)?reminders(?:\.cli\.main)?"
    r" ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?",
    re.MULTILINE,
)
FILE = re.compile(r"^(?:reminders|workers|channels|config|tests|benchmarks|docs|\.ci)/[\w./-]*$")
VARIABLE = re.compile(r"\bREMINDERS_[A-Z][A-Z_]*[A-Z]\b")


def code(page: str) -> Iterator[str]:
    """Everything that a page shows as code, prompts taken off."""
    text = read(page)
    rest = FENCED.sub("", text)
    for found in (*FENCED.findall(text), *INDENTED.findall(rest), *INLINE.findall(rest)):
        yield re.sub(r"^\$ ", "", found, flags=re.MULTILINE)


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_target_of_make_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))
    assert {name for text in code(page) for name in MAKE.findall(text)} - targets == set()


def test_every_option_of_a_command_exists(page: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    for text in code(page):
        for found in COMMAND.finditer(text):
            command = group.load(found[1])
            if isinstance(command, TyperGroup):
                command = command.commands.get(found[2] or "", command)
            known = {"--help", *(word for each in command.params for word in each.opts)}
            rest = text[found.end() :].partition("\n")[0].partition("#")[0].partition("|")[0]
            asked = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest))
            assert asked <= known, f"{page}: {found[0].strip()} {sorted(asked - known)}"


def test_the_help_of_make_fits_a_terminal() -> None:
    told = re.findall(r"^[a-z-]+:.* ## (.+)$", read("Makefile"), re.MULTILINE)
    assert len(told) > 10
    assert max(len(f"make {'audit-selftest'} {line}") for line in told) <= 80


def test_every_command_exists(page: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyGroup)
    for text in code(page):
        for name, below in COMMAND.findall(text):
            assert name in group.commands, f"{page}: reminders {name}"
            found = group.load(name)
            if isinstance(found, TyperGroup) and below:
                assert below in found.commands, f"{page}: reminders {name} {below}"


def test_every_file_exists(page: str) -> None:
    named = {text for text in code(page) if FILE.match(text)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_link_leads_somewhere(page: str) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(read(page)) if "://" not in link]
    folder = (ROOT / page).parent
    assert [link for link in links if link and not Path(folder, link).exists()] == []


def test_every_setting_exists(page: str) -> None:
    for variable in VARIABLE.findall(read(page)):
        if variable.removesuffix("_FILE") in (asking.URL, asking.TOKEN, taking.SWITCH):
            continue
        field = variable.removeprefix("REMINDERS_").partition("__")[0]
        fields = {field.lower(), field.removesuffix("_FILE").lower()}
        assert fields & Settings.model_fields.keys(), f"{page}: {variable}"
