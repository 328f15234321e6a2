"""Rewrites a module's records into classes whose every method mypyc compiles.

A dataclass gets its `__init__` at run time, from the interpreter, at ten times the price of a
compiled one. Here it is written out, with the other methods of a dataclass, into the copy of the
source that is compiled; a description makes `replace` and `fields` take the class for a dataclass.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

_MAKERS = ("record", "dataclass")
_NEEDED = (
    "from __future__ import annotations"
    "; from dataclasses import Field as _Field"
    "; from typing import Any as _Any, ClassVar as _ClassVar, Final as _Final, final as _final"
    "; from reminders.compiled.described import before as _before, described as _described"
    ", equal as _equal"
)
_FUTURE = "from __future__ import annotations"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The text for mypyc; `lines`: for each of its lines, the source's line that it stands for."""

    text: str
    lines: tuple[int, ...]


@dataclass(slots=True)
class _Field:
    name: str
    annotation: str
    default: str | None = None
    factory: str | None = None
    told: dict[str, bool] = field(default_factory=dict)  # of init, repr and compare those given

    def is_(self, what: str) -> bool:
        return self.told.get(what, True)


class _Text:
    """Lines of a source in bytes, as `ast` counts columns; replaced in place, added between."""

    def __init__(self, source: str) -> None:
        self._lines = [line.encode() for line in source.split("\n")]
        self._after: dict[int, list[str]] = {}
        self._cuts: list[tuple[int, int, int, int, bytes]] = []

    def replace(self, begin: tuple[int, int], end: tuple[int, int], by: str) -> None:
        """Replace what lies between two places (line from 1, column); its line ends stay."""
        self._cuts.append((*begin, *end, by.encode()))

    def add(self, line: int, *texts: str) -> None:
        """Put lines after a line."""
        self._after.setdefault(line, []).extend(texts)

    def rewritten(self) -> Rewritten:
        for first, left, last, right, by in sorted(self._cuts, reverse=True):
            rest = self._lines[last - 1][right:]
            head = self._lines[first - 1][:left]
            if first == last:
                self._lines[first - 1] = head + by + rest
                continue
            self._lines[first - 1 : last] = [
                head + by,
                *[b""] * (last - first - 1),
                b" " * (left if rest else 0) + rest,
            ]
        texts: list[str] = []
        lines: list[int] = []
        for number, line in enumerate(self._lines, 1):
            added = self._after.get(number, ())
            texts += [line.decode(), *added]
            lines += [number] * (1 + len(added))
        return Rewritten("\n".join(texts), tuple(lines))


def native(source: str) -> Rewritten:
    """The source with its records written out and its constants final, line for line otherwise."""
    tree = ast.parse(source)
    text = _Text(source)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            text.replace((node.lineno, 0), (node.lineno, len(_FUTURE)), _NEEDED)
        elif isinstance(node, ast.ClassDef):
            maker = next(filter(_makes_record, node.decorator_list), None)
            if maker is not None and not node.bases:
                _record(text, node, maker)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            _constant(text, node)
    return text.rewritten()


def _makes_record(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id in _MAKERS


def _constant(text: _Text, node: ast.Assign | ast.AnnAssign) -> None:
    """What is written in capitals is set once: as `Final` it is a variable of C."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if not (isinstance(target, ast.Name) and target.id.isupper()) or isinstance(
        node.value, ast.Name
    ):
        return
    end = (target.lineno, target.end_col_offset or 0)
    if isinstance(node, ast.Assign):
        text.replace(end, end, ": _Final")
    elif "Final" not in (kind := ast.unparse(node.annotation)):
        text.replace(end, _end(node.annotation), f": _Final[{kind}]")


def _record(text: _Text, node: ast.ClassDef, maker: ast.expr) -> None:
    options = _options(node, maker)
    text.replace((maker.lineno, maker.col_offset), _end(maker), "_final")
    given = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    fields = [_field(each) for each in given]
    for each in given:
        if each.value is not None:
            text.replace(_end(each.annotation), _end(each.value), "")
    post = [each for each in node.body if getattr(each, "name", "") == "__post_init__"]
    for method in post:
        _set_plainly(text, method)
    text.add(
        given[-1].end_lineno or 0,
        "    __dataclass_fields__: _ClassVar[dict[str, _Field[_Any]]] = {}",
        *_init(fields, ["self.__post_init__()"] if post else []),
        *_compared(node.name, options),
    )
    text.add(node.end_lineno or 0, _described(node, fields, options))


def _options(node: ast.ClassDef, maker: ast.expr) -> dict[str, bool]:
    """As `record` or `dataclass` was told. Raises `ValueError` for what is not understood."""
    known = {"frozen": False, "slots": False, "eq": True, "order": False}
    if not isinstance(maker, ast.Call):
        return known | {"frozen": ast.unparse(maker) == "record"}
    given = {each.arg or "": ast.literal_eval(each.value) for each in maker.keywords}
    if not known.keys() >= given.keys():
        raise ValueError(f"{node.name}: of {ast.unparse(maker)} only {', '.join(known)} are known")
    return known | given


def _compared(name: str, options: dict[str, bool]) -> list[str]:
    """Without an `__eq__` of its own mypyc would compare a class by identity."""
    lines = []
    if options["eq"]:
        lines += [
            "    def __eq__(self, other: object) -> bool:",
            "        return self is other or _equal(self, other)",
        ]
    if options["order"]:
        lines += [
            f"    def __lt__(self, other: {name}) -> bool:",
            "        return _before(self, other)",
        ]
    return lines


def _field(node: ast.AnnAssign) -> _Field:
    found = _Field(ast.unparse(node.target), ast.unparse(node.annotation))
    value = node.value
    if not (isinstance(value, ast.Call) and ast.unparse(value.func) == "field"):
        found.default = None if value is None else ast.unparse(value)
        return found
    for each in value.keywords:
        if each.arg == "default":
            found.default = ast.unparse(each.value)
        elif each.arg == "default_factory":
            found.factory = ast.unparse(each.value)
        elif each.arg in ("init", "repr", "compare"):
            found.told[each.arg] = ast.literal_eval(each.value)
        else:
            raise ValueError(f"{found.name}: {each.arg} of a field is not understood")
    return found


def _init(fields: list[_Field], then: list[str]) -> list[str]:
    parameters = ["self"]
    body = []
    for each in fields:
        if not each.is_("init"):
            continue
        if each.factory is not None:
            parameters.append(f"{each.name}: {each.annotation} | None = None")
            body.append(
                f"self.{each.name} = {each.factory}() if {each.name} is None else {each.name}"
            )
            continue
        default = "" if each.default is None else f" = {each.default}"
        parameters.append(f"{each.name}: {each.annotation}{default}")
        body.append(f"self.{each.name} = {each.name}")
    return [
        f"    def __init__({', '.join(parameters)}) -> None:",
        *(f"        {line}" for line in (*body, *then)),
    ]


def _described(node: ast.ClassDef, fields: list[_Field], options: dict[str, bool]) -> str:
    """The line after the class that gives it everything else that a dataclass has."""
    told = [(each.name, each.is_("init"), each.is_("repr"), each.is_("compare")) for each in fields]
    hashed = bool(options["frozen"]) and options["eq"]
    return f"_described({node.name}, {told!r}, hashed={hashed!r})"


def _set_plainly(text: _Text, method: ast.stmt) -> None:
    """A frozen class sets what it derives by `object.__setattr__`: here it is an attribute."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "object.__setattr__":
            name = ast.literal_eval(node.args[1])
            text.replace(
                (node.lineno, node.col_offset),
                (node.args[2].lineno, node.args[2].col_offset),
                f"self.{name} = (",
            )


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0
