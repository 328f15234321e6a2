"""Commands are imported when they are called; listing and completing them imports none."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.testing import CliRunner

from reminders.cli.commands import COMMANDS, app
from reminders.cli.lazy import LazyGroup

# What only some commands need, and each of which takes long to import.
HEAVY = ("sqlalchemy", "celery", "redis", "aiohttp", "alembic", "jinja2", "pydantic", "structlog")


def whole() -> LazyGroup:
    found = typer.main.get_command(app)
    assert isinstance(found, LazyGroup)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_itself_says(name: str) -> None:
    command = whole().load(name)
    assert command.name == name
    told = " ".join((command.help or "").strip().split("\n\n")[0].split())
    assert COMMANDS[name].help == told


@pytest.mark.parametrize("name", COMMANDS)
def test_help_flows_and_says_what_every_word_is_for(name: str) -> None:
    found = whole().load(name)
    for command in [found, *(found.commands.values() if isinstance(found, TyperGroup) else ())]:
        assert "\n" not in (command.help or "").replace("\n\n", "")
        silent = [
            each.name
            for each in command.params
            if isinstance(each, TyperArgument | TyperOption) and not each.help
        ]
        assert (command.name, silent) == (command.name, [])


def test_a_group_has_its_own_commands_and_no_options_of_the_shell() -> None:
    policy = whole().load("policy")
    assert isinstance(policy, TyperGroup)
    assert "activate" in policy.commands
    assert not [each.name for each in policy.params if "completion" in (each.name or "")]


def imported_by(code: str) -> set[str]:
    """The heavy libraries that a fresh process has imported after running this."""
    script = f"{code}\nimport sys\nprint(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(  # noqa: S603  (our own interpreter and code)
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_listing_the_commands_imports_none_of_them() -> None:
    listing = "from reminders.cli.commands import app\napp(['--help'], standalone_mode=False)"
    assert imported_by(listing) == set()


@pytest.mark.parametrize("name", ["explain", "timeline"])
def test_the_help_of_a_story_imports_none_either(name: str) -> None:
    code = (
        f"from reminders.cli.commands import app\napp(['{name}', '--help'], standalone_mode=False)"
    )
    assert imported_by(code) == set()


def test_a_story_imports_nothing_until_the_ledger_is_to_be_read() -> None:
    assert imported_by("import reminders.cli.explain, reminders.cli.timeline") == set()


def test_reading_a_story_imports_no_queue_door_template_or_migration() -> None:
    heavy = imported_by("import reminders.services.stories, reminders.services.reading")
    assert heavy <= {"sqlalchemy", "pydantic"}


def test_the_settings_of_a_folder_import_no_adapter_and_no_server() -> None:
    heavy = imported_by("import config.settings\nfrom reminders.servers import development, state")
    assert heavy <= {"pydantic"}


def test_what_is_no_command_is_told_with_what_was_meant() -> None:
    found = CliRunner().invoke(app, ["explian"])
    assert found.exit_code == 2
    assert "Did you mean" in found.output
    assert "explain" in found.output


def test_a_shell_completes_the_names() -> None:
    group = whole()
    context = typer.Context(group, info_name="reminders")
    assert [each.value for each in group.shell_complete(context, "ti")] == ["timeline", "tier"]
