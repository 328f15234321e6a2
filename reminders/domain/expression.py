"""Conditions of a policy: a small language of comparisons over a closed list of typed facts.

No call, attribute, index, power or loop can be written, so a condition always ends, at once, and
touches nothing. Compiled once to closures; what cannot be computed (x / 0) does not hold.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from typing import cast

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.customer import ChannelName, ContactHealth, Customer
from reminders.domain.errors import PolicyError
from reminders.domain.tier import Tier

Facts = Mapping[str, object]
_Value = Callable[[Facts], object]

MAX_CHARACTERS = 1000
MAX_DEPTH = 32
MAX_LIST = 100
_MAX_NUMBER = 10**15  # minor units of anything a person may owe; products of these stay small

# Every name a condition may use. Money in minor units of the bill's currency, days on the
# customer's calendar. Opting out, protected traits and third parties' data are none of them.
FACTS: Mapping[str, type] = {
    "amount_due": int,
    "minimum_due": int,
    "paid": int,
    "balance": int,
    "minimum_left": int,
    "days_to_due": int,  # negative once overdue
    "days_overdue": int,  # 0 until the due date has passed
    "epoch": int,
    "product": str,
    "currency": str,
    "jurisdiction": str,
    "language": str,
    "tier": str,
    "group": str,  # of the policy's experiment, "" outside it
    "revolving": bool,
    "promised": bool,  # a promise to pay is open
    # of each channel: a contact point that is not known to be dead
    **{f"has_{channel.value}": bool for channel in ChannelName},
}


class _Type(StrEnum):
    NUMBER = "a number"
    TEXT = "a text"
    TRUTH = "true or false"


_TYPES: Mapping[type, _Type] = {int: _Type.NUMBER, str: _Type.TEXT, bool: _Type.TRUTH}
_LITERALS: Mapping[str, bool] = {"true": True, "false": False}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[..., bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_EQUALITY = (ast.Eq, ast.NotEq)
_MEMBERSHIP = (ast.In, ast.NotIn)


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A compiled condition. `names` are the facts it reads."""

    text: str
    names: frozenset[str]
    tree: ast.expr
    _test: _Value

    def holds(self, facts: Facts) -> bool:
        """True if the condition is met. Raises `PolicyError` when a fact it reads is not given."""
        try:
            return self._test(facts) is True
        except ArithmeticError:
            return False
        except KeyError as error:
            raise PolicyError(f"the fact {error.args[0]} was not given") from None


@lru_cache(maxsize=1024)
def compile_condition(text: str) -> Condition:
    """A condition from its text. Raises `PolicyError` with the place and the fix."""
    source = text.replace("\n", " ").strip()
    if len(source) > MAX_CHARACTERS:
        raise PolicyError(f"a condition has at most {MAX_CHARACTERS} characters: split the stage")
    tree = _parse(source)
    compiler = _Compiler(source)
    test, kind = compiler.compile(tree, 0)
    if kind is not _Type.TRUTH:
        raise PolicyError(f"this is {kind}, not a condition: compare it, as in amount_due > 0")
    return Condition(text, frozenset(compiler.names), tree, test)


def _parse(source: str) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        place = f"character {error.offset}" if error.offset else "the end"
        raise PolicyError(f"not a condition at {place}: write it as tier == 'R3'") from None
    except (ValueError, MemoryError, RecursionError, Warning):
        raise PolicyError("not a condition: nested too deeply or not text") from None


class _Compiler:
    """Turns each allowed node into a closure and its type; refuses every other."""

    def __init__(self, source: str) -> None:
        self.names: set[str] = set()
        self._bytes = source.encode(errors="surrogatepass")

    def compile(self, node: ast.expr, depth: int) -> tuple[_Value, _Type]:
        if depth > MAX_DEPTH:
            raise self._wrong(node, f"nested deeper than {MAX_DEPTH}: make it simpler")
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Constant():
                return self._constant(node)
            case ast.BoolOp():
                return self._logic(node, depth)
            case ast.UnaryOp():
                return self._unary(node, depth)
            case ast.BinOp():
                return self._arithmetic(node, depth)
            case ast.Compare():
                return self._compare(node, depth)
        raise self._wrong(
            node, "known are names, numbers, texts, comparisons, and, or, not, in [..], + - * /"
        )

    def _name(self, node: ast.Name) -> tuple[_Value, _Type]:
        name = node.id
        if name in _LITERALS:
            literal = _LITERALS[name]
            return (lambda _: literal), _Type.TRUTH
        if name not in FACTS:
            near = get_close_matches(name, FACTS, 1)
            fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(FACTS))}"
            raise self._wrong(node, f"{name} is no fact: {fix}")
        self.names.add(name)
        return operator.itemgetter(name), _TYPES[FACTS[name]]

    def _constant(self, node: ast.Constant) -> tuple[_Value, _Type]:
        value = node.value
        if isinstance(value, bool):
            return (lambda _: value), _Type.TRUTH
        if isinstance(value, str):
            return (lambda _: value), _Type.TEXT
        if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= _MAX_NUMBER:
            return (lambda _: value), _Type.NUMBER
        raise self._wrong(node, f"write a text, or a number up to {_MAX_NUMBER:,}")

    def _logic(self, node: ast.BoolOp, depth: int) -> tuple[_Value, _Type]:
        parts = tuple(self._typed(value, _Type.TRUTH, depth) for value in node.values)
        if isinstance(node.op, ast.And):
            return (lambda facts: all(part(facts) for part in parts)), _Type.TRUTH
        return (lambda facts: any(part(facts) for part in parts)), _Type.TRUTH

    def _unary(self, node: ast.UnaryOp, depth: int) -> tuple[_Value, _Type]:
        if isinstance(node.op, ast.Not):
            truth = self._typed(node.operand, _Type.TRUTH, depth)
            return (lambda facts: not truth(facts)), _Type.TRUTH
        if isinstance(node.op, ast.USub):
            number = self._number(node.operand, depth)
            return (lambda facts: -number(facts)), _Type.NUMBER
        raise self._wrong(node, "of signs only - is known")

    def _arithmetic(self, node: ast.BinOp, depth: int) -> tuple[_Value, _Type]:
        act = _ARITHMETIC.get(type(node.op))
        if act is None:
            raise self._wrong(node, "of sums only + - * / are known")
        left, right = self._number(node.left, depth), self._number(node.right, depth)
        return (lambda facts: act(left(facts), right(facts))), _Type.NUMBER

    def _compare(self, node: ast.Compare, depth: int) -> tuple[_Value, _Type]:
        tests: list[_Value] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            tests.append(self._pair(left, op, right, depth))
            left = right
        if len(tests) == 1:
            return tests[0], _Type.TRUTH
        return (lambda facts: all(test(facts) for test in tests)), _Type.TRUTH

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> _Value:
        first, kind = self.compile(left, depth + 1)
        if isinstance(op, _MEMBERSHIP):
            held = self._members(right, kind)
            if isinstance(op, ast.In):
                return lambda facts: first(facts) in held
            return lambda facts: first(facts) not in held
        test = _COMPARE.get(type(op))
        if test is None:
            raise self._wrong(left, "compare with == != < <= > >= in, not with is")
        second, other = self.compile(right, depth + 1)
        if kind is not other:
            raise self._wrong(right, f"this is {other}, and stands against {kind}")
        if kind is _Type.TRUTH and not isinstance(op, _EQUALITY):
            raise self._wrong(left, "true or false has no order: use == or !=")
        return lambda facts: test(first(facts), second(facts))

    def _members(self, node: ast.expr, kind: _Type) -> frozenset[object]:
        if not isinstance(node, ast.List | ast.Tuple) or not 0 < len(node.elts) <= MAX_LIST:
            raise self._wrong(node, f"after in stands a list of 1 to {MAX_LIST}: [1, 2]")
        held = set()
        for each in node.elts:
            value, found = self.compile(each, MAX_DEPTH - 1)
            if found is not kind:
                raise self._wrong(each, f"this is {found}, and stands against {kind}")
            if self._varies(each):
                raise self._wrong(each, "a list holds only numbers and texts")
            held.add(value({}))
        return frozenset(held)

    def _varies(self, node: ast.expr) -> bool:
        operand = node.operand if isinstance(node, ast.UnaryOp) else node
        return not isinstance(operand, ast.Constant)

    def _typed(self, node: ast.expr, wanted: _Type, depth: int) -> _Value:
        value, found = self.compile(node, depth + 1)
        if found is not wanted:
            raise self._wrong(node, f"this is {found}; here stands {wanted}")
        return value

    def _number(self, node: ast.expr, depth: int) -> Callable[[Facts], float]:
        return cast("Callable[[Facts], float]", self._typed(node, _Type.NUMBER, depth))

    def _wrong(self, node: ast.AST, what: str) -> PolicyError:
        at = len(self._bytes[: getattr(node, "col_offset", 0)].decode(errors="replace"))
        return PolicyError(f"character {at + 1}: {what}")


def facts_of(
    now: datetime, bill: BillPosition, customer: Customer, tier: Tier, group: str, promised: bool
) -> Mapping[str, object]:
    """What a condition may know of a bill at `now`: a value for each of `FACTS`."""
    today = local_day(now, customer.time_zone or "UTC")
    days_to_due = (bill.terms.due_on - today).days
    reachable = {
        f"has_{channel}": channel in customer.contacts
        and customer.contacts[channel].health is not ContactHealth.DEAD
        for channel in ChannelName
    }
    return {
        **reachable,
        "amount_due": bill.terms.amount_due,
        "minimum_due": bill.terms.minimum_due,
        "paid": bill.paid,
        "balance": bill.balance,
        "minimum_left": bill.minimum_left,
        "days_to_due": days_to_due,
        "days_overdue": max(0, -days_to_due),
        "epoch": bill.epoch,
        "product": bill.terms.product,
        "currency": bill.terms.currency,
        "jurisdiction": customer.jurisdiction,
        "language": customer.language,
        "tier": str(tier),
        "group": group,
        "revolving": bill.terms.revolving,
        "promised": promised,
    }
