"""YAML with what a person must be told: a key that stands twice, and the line of every value."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import yaml

from reminders.domain.errors import PolicyError

MAX_DEPTH = 40  # a policy has 5
MAX_VALUES = 20_000  # a policy has some 500, a pack as many
Place = tuple[str | int, ...]


class _Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice, of which YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        # Any: what YAML may hold is not known before its shape was looked at.
        names = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if names.count(key.value) > 1:
                raise PolicyError(f"line {key.start_mark.line + 1}: {key.value} stands twice")
        return super().construct_mapping(node, deep)


_BOOL = "tag:yaml.org,2002:bool"
# YAML 1.1 reads `on`, `off`, `yes` and `NO` (Norway) as true or false; 1.2 and editors do not.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != _BOOL]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))


def load(text: str) -> object:
    """What a YAML text says. Raises `PolicyError`, with the line where there is one."""
    try:
        _refuse_bombs(text)
        return yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise PolicyError(f"{line}not YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise PolicyError(f"not YAML: {str(error).splitlines()[0]}") from None


class _Weighing:
    """How much a text stands for, read as events: an alias weighs as much as what it names."""

    def __init__(self) -> None:
        self._weight = 0
        self._anchored: dict[str, int] = {}  # weights of what is complete
        self._open: list[tuple[str | None, int]] = []  # being read: its anchor, the weight before

    def take(self, event: yaml.Event) -> None:
        """Raises `PolicyError` for what is nested without end, names itself, or is too much."""
        match event:
            case yaml.CollectionEndEvent():
                anchor, before = self._open.pop()
                if anchor is not None:
                    self._anchored[anchor] = self._weight - before
            case yaml.AliasEvent(anchor=str(anchor)):
                if any(anchor == name for name, _ in self._open):
                    raise PolicyError(f"*{anchor} stands for itself")
                self._weight += self._anchored.get(anchor, 1)
            case yaml.CollectionStartEvent(anchor=anchor):
                self._open.append((anchor, self._weight))
                self._weight += 1
            case yaml.ScalarEvent():
                self._weight += 1
        self._judge()

    def _judge(self) -> None:
        if len(self._open) > MAX_DEPTH:
            raise PolicyError("not a policy: nested too deep")
        if self._weight > MAX_VALUES:
            raise PolicyError(f"not a policy: it stands for more than {MAX_VALUES} values")


def _refuse_bombs(text: str) -> None:
    """libyaml builds what is nested by recursion of its own, which ends the process with no error;
    reading its events does not recurse."""
    weighing = _Weighing()
    for event in yaml.parse(text, yaml.CSafeLoader):
        weighing.take(event)


def lines(text: str) -> dict[Place, int]:
    """The line (from 1) of every value, by its place; a key's own line if it is in a mapping."""
    root = yaml.compose(text, yaml.CSafeLoader)
    return {} if root is None else dict(_walk(root, ()))


def line_of(known: dict[Place, int], place: Sequence[str | int]) -> int:
    """The line of a place, or of the nearest thing around it; 1 if there is none."""
    wanted = tuple(place)
    while wanted and wanted not in known:
        wanted = wanted[:-1]
    return known.get(wanted, 1)


def _walk(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            yield from _walk(value, inner)
            yield inner, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(value, (*place, number))
