"""Jinja for words that a lender edits: they reach nothing, fill nothing and come to an end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextvars import ContextVar

import jinja2
from jinja2 import nodes
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import escape

from reminders.messages.catalogue import SYNTAX
from reminders.messages.errors import TemplateError
from reminders.messages.facts import Line

_MOST_COMPILED = 1_024
MAX_STEPS = 10_000  # turns of loops and calls of macros in one part of a message
MAX_CHARS = 20_000  # of any text on the way; an HTML mail has about 4,000
MAX_SHOWN = 10 * MAX_CHARS  # of one finished part, as some tools build a mail
_FILLING = frozenset({"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"})
# What makes a long text of short ones within one call.
_GROWING = frozenset({"join", "to_bytes", "translate"})
# Besides what fills: a message is the same each time that it is written.
_NO_FILTERS = (
    "batch", "center", "format", "indent", "random", "round", "slice", "tojson", "wordwrap",
)  # fmt: skip
_LEFT: ContextVar[int] = ContextVar("steps_left", default=MAX_STEPS)
_WRONG = (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError)


class _Compilations(jinja2.BytecodeCache):
    """What was compiled once in this process: a brand shares most files with everybody."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self._known.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if len(self._known) >= _MOST_COMPILED:
            self._known.clear()
        self._known[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILATIONS = _Compilations()


def _spend(steps: int) -> None:
    left = _LEFT.get() - steps
    _LEFT.set(left)
    if left < 0:
        raise SecurityError(f"a message takes at most {MAX_STEPS} steps")


@jinja2.pass_context  # so that none of this is reckoned ahead, while it is compiled
def _few(_: Context, items: Iterable[object]) -> Collection[object]:
    found = items if isinstance(items, Collection) else list(items)
    _spend(len(found))
    return found


@jinja2.pass_context
def _short(_: Context, value: object) -> object:
    return _sized(value)


def _sized(value: object) -> object:
    """`value`, or what an iterator gives: the next in a row of them would only add to it."""
    if isinstance(value, Iterator):
        value = list(value)
    if _left_beside(value, MAX_CHARS) < 0:
        raise SecurityError(f"a message has at most {MAX_CHARS} characters")
    return value


def _left_beside(value: object, room: int) -> int:
    """What is left of `room` beside a value and all that it holds; no more is looked at."""
    if isinstance(value, str | bytes):
        return room - len(value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple | set):
        for each in value:
            if room < 0:
                break
            room = _left_beside(each, room - 1)
    return room


class _Bounds(NodeTransformer):
    """Counts the turns of each loop, and looks at whatever can make a long text of short ones."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _through("_few", node.iter)
        return node

    def _watched(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        return _through("_short", node)

    visit_Add = visit_Concat = visit_Filter = visit_List = visit_Dict = _watched

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        # What is stored into is no value.
        return self._watched(node) if node.ctx == "load" else node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:
        self.generic_visit(node)
        node.filter = nodes.Filter(node.filter, "_short", [], [], None, None, lineno=node.lineno)
        return node


def _through(name: str, node: nodes.Node) -> nodes.Expr:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja that can reach nothing and fill nothing: no message needs a product or a width."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Bounds().visit(tree)
        tree.set_environment(self)
        return tree

    def call_binop(self, context: Context, operator: str, left: object, right: object) -> object:
        raise SecurityError(f"a message does not reckon with {operator}")

    def call(  # the names are Jinja's own: it passes them by position
        __self,
        __context: Context,
        __obj: object,
        *args: object,
        **kwargs: object,
    ) -> object:
        _spend(1)
        return _sized(super().call(__context, __obj, *args, **kwargs))

    def wrap_str_format(self, value: object) -> None:
        """No stand-in for `str.format`: it is refused like what is named below."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        return attr not in _FILLING | _GROWING and super().is_safe_attribute(obj, attr, value)


def environment(texts: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """Jinja without side effects: templates are data that a lender edits, not code we trust."""
    found = _Environment(
        loader=jinja2.DictLoader(texts),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=jinja2.StrictUndefined,
        cache_size=-1,
        auto_reload=False,
        bytecode_cache=_COMPILATIONS,
        **SYNTAX,
    )
    for name in _NO_FILTERS:
        del found.filters[name]
    found.filters.update(_few=_few, _short=_short)
    found.globals.clear()  # ranges, counters, nonsense Latin: a message speaks of what it is given
    return found


def escaped(names: Mapping[str, object]) -> dict[str, object]:
    """The same for HTML. A macro from a file that is no HTML itself shows what it is given as it
    is, and what it shows counts as escaped: so nothing is given to one that could be markup."""
    return {name: _safe(value) for name, value in names.items()}


def _safe(value: object) -> object:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, Line):
        return Line(escape(value.bill_id), escape(value.amount))
    return [_safe(each) for each in value] if isinstance(value, list) else value


def _within(pieces: Iterable[str]) -> Iterator[str]:
    left = MAX_SHOWN
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise SecurityError(f"a message has at most {MAX_SHOWN} characters")
        yield piece


def rendered(template: jinja2.Template, name: str, names: Mapping[str, object]) -> str:
    """The words of one part. Raises `TemplateError`, in one line that begins with `name`."""
    _LEFT.set(MAX_STEPS)
    try:
        # As `Template.render` does it, but for a slow copy of the environment's own names.
        every = {**template.environment.globals, **names}
        context = template.new_context(every, shared=True)
        return "".join(_within(template.root_render_func(context))).strip()
    except (jinja2.TemplateError, *_WRONG) as error:
        raise TemplateError(f"{name}: {' '.join(str(error).split())}") from error
