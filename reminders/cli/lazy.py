"""Commands that are imported when they are called, each with the libraries that it needs alone.

The table holds each command's first line of help, so that listing them all imports none.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from typer._click.core import Command, Context


class Lazy(NamedTuple):
    """Where a command is: a function, or (`attribute` "app") a group of commands."""

    module: str
    attribute: str
    help: str


class LazyGroup(TyperGroup):
    """A group whose commands stand in a table until one of them is called."""

    table: Mapping[str, Lazy] = {}

    def __init__(self, **given: Any) -> None:  # Any: as Typer builds its groups
        super().__init__(**given)
        for name, lazy in self.table.items():
            self.commands[name] = TyperCommand(name, help=lazy.help)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, Command | None, list[str]]:
        """The command itself, where the listing has its first line alone."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else self.load(name), rest

    def load(self, name: str) -> Command:
        """Import a command of the table."""
        lazy = self.table[name]
        found = getattr(import_module(lazy.module), lazy.attribute)
        alone = typer.Typer(add_completion=False)
        if not isinstance(found, typer.Typer):
            alone.command(name)(found)
            return get_command(alone)
        alone.add_typer(found, name=name)
        parent = get_command(alone)
        assert isinstance(parent, TyperGroup)  # noqa: S101  (what holds a group is one)
        return parent.commands[name]


def group(table: Mapping[str, Lazy]) -> type[LazyGroup]:
    """The group of these commands."""
    return type("Commands", (LazyGroup,), {"table": table})
