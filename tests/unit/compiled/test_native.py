"""What mypyc is given is the same program: each record has what its dataclass has."""

from __future__ import annotations

import inspect
import pickle
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from reminders.compiled.making import placed
from reminders.compiled.modules import ROOT, module_of, paths
from reminders.compiled.native import native

SAMPLE = '''"""A sample."""

from __future__ import annotations

from dataclasses import dataclass, field

from reminders.domain.record import record

LIMIT = 3
Alias = LIMIT


@record
class Plain:
    """Two lines
    of words."""

    name: str = field(repr=False)
    size: int = 1  # how many
    rest: list[str] = field(default_factory=list, compare=False)

    @property
    def double(self) -> int:
        return self.size * 2


@dataclass(frozen=True, slots=True, order=True)
class Derived:
    low: int
    high: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "high", self.low + LIMIT)


@dataclass(slots=True)
class Open:
    low: int


def after() -> int:
    raise RuntimeError
'''


def run(source: str, name: str) -> ModuleType:
    """The rewritten source is Python as well: it can be looked at without a compiler."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(native(source).text, name, "exec"), vars(module))  # noqa: S102  (our own source)
    return module


@pytest.fixture
def sample() -> Iterator[ModuleType]:
    yield run(SAMPLE, "rewritten_sample")
    del sys.modules["rewritten_sample"]


def test_a_record_is_made_compared_hashed_copied_and_shown_as_before(sample: ModuleType) -> None:
    plain = sample.Plain("a", 2)
    assert plain == sample.Plain("a", 2, ["apart"])
    assert plain != sample.Plain("b", 2)
    assert plain != ("a", 2)
    assert hash(plain) == hash(sample.Plain("a", 2)) == hash(("a", 2))
    assert replace(plain, name="b") == sample.Plain("b", 2)
    assert pickle.loads(pickle.dumps(plain)) == plain  # noqa: S301  (written above)
    assert repr(plain) == "Plain(size=2, rest=[])"  # a secret stays unshown
    assert plain.double == 4
    match plain:
        case sample.Plain(name, size):
            assert (name, size) == ("a", 2)


def test_what_follows_from_fields_is_set_and_an_order_is_kept(sample: ModuleType) -> None:
    assert sample.Derived(1).high == 4
    assert sorted([sample.Derived(2), sample.Derived(1)])[0].low == 1
    assert pickle.loads(pickle.dumps(sample.Derived(5))).high == 8  # noqa: S301


def test_what_may_change_has_no_hash(sample: ModuleType) -> None:
    with pytest.raises(TypeError):
        hash(sample.Open(1))


def test_every_line_stands_for_the_one_it_came_from() -> None:
    rewritten = native(SAMPLE)
    there = rewritten.text.split("\n")
    before = SAMPLE.split("\n")
    assert len(there) == len(rewritten.lines)
    raises = there.index("    raise RuntimeError")
    assert before[rewritten.lines[raises] - 1] == "    raise RuntimeError"
    c = f'CPy_AddTraceback("a.py", "after", {raises + 1}, CPyStatic_a___globals);'
    moved = placed(c, {"a.py": list(rewritten.lines)})
    assert moved == c.replace(str(raises + 1), str(before.index("    raise RuntimeError") + 1))


@pytest.mark.parametrize(
    ("maker", "what"),
    [
        ("@dataclass(kw_only=True)\nclass A:\n    a: int\n", "kw_only"),
        ("@record\nclass A:\n    a: int = field(hash=False)\n", "hash"),
    ],
)
def test_what_is_not_understood_is_refused(maker: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        native(maker)


def _told(cls: type[Any]) -> object:  # Any: a dataclass
    return (
        [(each.name, each.init, each.repr, each.compare) for each in fields(cls)],
        [
            (each.name, each.default is not inspect.Parameter.empty)
            for each in inspect.signature(cls).parameters.values()
        ],
        cls.__match_args__,
        cls.__hash__ is None,
        "__hash__" in vars(cls),
        "__lt__" in vars(cls),
    )


@pytest.mark.parametrize("path", paths())
def test_the_records_of_each_module_stay_what_they_are(path: str) -> None:
    """Whatever a module begins to use has to be known here too."""
    name = f"rewritten_{module_of(path).replace('.', '_')}"
    rewritten = run((ROOT / path).read_text(encoding="utf-8"), name)
    source = import_module(module_of(path))
    try:
        for each in vars(source).values():
            if is_dataclass(each) and isinstance(each, type) and each.__module__ == source.__name__:
                assert _told(getattr(rewritten, each.__name__)) == _told(each), each.__name__
    finally:
        del sys.modules[name]
