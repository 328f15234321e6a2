"""Commands that are imported when they are called, each with the libraries that it needs alone.

The table holds each command's first line of help, so that listing them all imports none.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

if TYPE_CHECKING:
    from typer._click.core import Command, Context, Parameter


class Lazy(NamedTuple):
    """Where a command is: a function, or (`attribute` "app") a group of commands."""

    module: str
    attribute: str
    help: str
    plain: bool = False  # its arguments are text, flags and paths: see `PlainCommand`
    compiled: bool = False  # it decides so often that compiled modules are worth their loading


class _AsGiven:
    """In place of Typer's own conversion of one parameter."""

    def __init__(self, wanted: object) -> None:
        self._wanted = wanted

    def coerce(self, value: Any, param: object, ctx: object) -> Any:  # Any: as Typer has it
        return Path(value) if self._wanted is Path else value


def _as_given(params: list[Parameter]) -> list[Parameter]:
    """Let no library convert what is text already: Typer imports Pydantic even for --help, in more
    time than the console needs to tell a story."""
    for param in params:
        if isinstance(param, TyperArgument | TyperOption):
            given = _AsGiven(param.type_descriptor.annotation)
            setattr(param, "get_runtime_param", lambda given=given: given)  # noqa: B010  (a method)
    return params


class PlainCommand(TyperCommand):
    """A command whose every argument is text, a flag or a path that need not exist."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        return _as_given(super().get_params(ctx))


class LazyGroup(TyperGroup):
    """A group whose commands stand in a table until one of them is called."""

    table: Mapping[str, Lazy] = {}

    def __init__(self, **given: Any) -> None:  # Any: as Typer builds its groups
        super().__init__(**given)
        for name, lazy in self.table.items():
            self.commands[name] = TyperCommand(name, help=lazy.help)

    def get_params(self, ctx: Context) -> list[Parameter]:
        """--help, and nothing else."""
        return _as_given(super().get_params(ctx))

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """The command itself, where the listing has its first line alone."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else self.load(name), rest

    def load(self, name: str) -> Command:
        """Import a command of the table."""
        lazy = self.table[name]
        if lazy.compiled:
            from reminders.compiled.taking import take

            take()
        found = getattr(import_module(lazy.module), lazy.attribute)
        alone = typer.Typer(add_completion=False)
        if not isinstance(found, typer.Typer):
            alone.command(name, cls=PlainCommand if lazy.plain else TyperCommand)(found)
            return _flowing(get_command(alone))
        alone.add_typer(found, name=name)
        parent = get_command(alone)
        assert isinstance(parent, TyperGroup)  # noqa: S101  (what holds a group is one)
        return _flowing(parent.commands[name])


def _flowing(command: Command) -> Command:
    """Let a terminal wrap help: after its first paragraph Typer keeps our own lines."""
    command.help = "\n\n".join(
        " ".join(part.split()) for part in inspect.cleandoc(command.help or "").split("\n\n")
    )
    for each in command.commands.values() if isinstance(command, TyperGroup) else ():
        _flowing(each)
    return command


def group(table: Mapping[str, Lazy]) -> type[LazyGroup]:
    """The group of these commands."""
    return type("Commands", (LazyGroup,), {"table": table})
