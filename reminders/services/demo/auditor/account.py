"""What a customer owes, fact by fact: the auditor's own reading of bills and payments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from reminders.services.demo.auditor.facts import (
    NEVER,
    BillFact,
    FailureFact,
    Fenced,
    InputFact,
    PaymentFact,
    PromiseFact,
    ReversalFact,
)
from reminders.services.demo.auditor.timeline import Timeline


class Money(NamedTuple):
    """One payment where it counts; `good` until it is taken back."""

    paid_at: datetime
    amount: int
    good: bool


class Owed(NamedTuple):
    """A bill at one moment. `void`: cancelled or taken up by a newer statement."""

    due_on: date
    amount: int
    minimum: int
    money: tuple[Money, ...]
    void: str
    turn: int  # grows whenever reminders begin anew: moved, reinstated, a payment taken back
    issued_at: datetime = NEVER
    product: str = ""

    @property
    def paid(self) -> int:
        return sum(each.amount for each in self.money if each.good)

    @property
    def left(self) -> int:
        return max(0, self.amount - self.paid)

    def closed(self, overdue: bool) -> bool:
        """True if no reminder may go out; an overdue one stops at the minimum already."""
        if self.void or self.paid >= self.amount:
            return True
        return overdue and self.paid >= self.minimum


class Signs(NamedTuple):
    """What else the points rest on: failed payments, promises, what the lender observed."""

    failed: tuple[datetime, ...] = ()
    promises: tuple[PromiseFact, ...] = ()
    inputs: tuple[InputFact, ...] = ()

    def after(self, fact: FailureFact | PromiseFact | InputFact) -> Signs:
        match fact:
            case FailureFact():
                return self._replace(failed=(*self.failed, fact.at))
            case InputFact():
                return self._replace(inputs=(*self.inputs, fact))
            case PromiseFact():
                told = [each for each in (*self.promises, fact) if each.promise == fact.promise]
                others = [each for each in self.promises if each.promise != fact.promise]
                newest = max(told, key=lambda each: each.rank)
                return self._replace(promises=(*others, newest))


@dataclass(slots=True)
class Account:
    """One customer's bills, and what else their points rest on, as timelines."""

    bills: dict[str, Timeline[Owed]] = field(default_factory=dict)
    signs: Timeline[Signs] = field(default_factory=Timeline)


@dataclass(slots=True)
class _Book:
    """The facts so far."""

    told: dict[str, list[BillFact]] = field(default_factory=dict)
    payments: dict[str, PaymentFact] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)

    def take(self, fact: BillFact | PaymentFact | ReversalFact) -> None:
        if isinstance(fact, BillFact):
            told = self.told.setdefault(fact.bill, [])
            told.append(fact)
            told.sort(key=lambda each: (each.version, each.rank))
        elif isinstance(fact, PaymentFact):
            self.payments[fact.payment] = fact
        else:
            self.reversed.add(fact.payment)

    def stand(self) -> dict[str, Owed]:
        """Every bill of which more is known than its cancellation."""
        terms = {bill: _terms(told) for bill, told in self.told.items()}
        known = {bill: fact for bill, fact in terms.items() if fact is not None}
        dropped = {bill for bill in known if self.told[bill][-1].amount is None}
        newer = _newer(known, dropped)
        money = self._money(known, newer)
        return {
            bill: Owed(
                fact.due_on,
                fact.amount or 0,
                fact.minimum,
                tuple(sorted(money.get(bill, ()))),
                "cancelled" if bill in dropped else newer.get(bill, ""),
                self._turn(bill, known, dropped, money.get(bill, ())),
                fact.issued_at,
                fact.product,
            )
            for bill, fact in known.items()
        }

    def _money(self, known: dict[str, BillFact], newer: dict[str, str]) -> dict[str, list[Money]]:
        """Payments where they count: on the statement that was the newest when they were made."""
        found: dict[str, list[Money]] = {}
        for payment in self.payments.values():
            home = _home(payment, known, newer)
            if home is not None and known[home].currency == payment.currency:
                good = payment.payment not in self.reversed
                found.setdefault(home, []).append(Money(payment.paid_at, payment.amount, good))
        return found

    def _turn(
        self, bill: str, known: dict[str, BillFact], dropped: set[str], money: Iterable[Money]
    ) -> int:
        turn = sum(1 for each in money if not each.good)
        turn += sum(1 for other in dropped if known[other].supersedes == bill)
        before, away = None, False
        for fact in self.told[bill]:
            if fact.amount is None:
                away = True
                continue
            turn += away or (before is not None and _anew(before, fact))
            before, away = fact, False
        return turn


def read_account(facts: Iterable[Fenced]) -> Account:
    """Follow one customer's facts in the order of their fence."""
    account, book = Account(), _Book()
    signs = Signs()
    account.signs.add(float("-inf"), NEVER, signs)
    for fenced, at, fact in facts:
        if isinstance(fact, FailureFact | PromiseFact | InputFact):
            signs = signs.after(fact)
            account.signs.add(fenced, at, signs)
        elif isinstance(fact, BillFact | PaymentFact | ReversalFact):
            book.take(fact)
            for bill, owed in book.stand().items():
                account.bills.setdefault(bill, Timeline()).add(fenced, at, owed)
    return account


def _anew(before: BillFact, after: BillFact) -> bool:
    """Another date, or more is asked: what had ended begins again."""
    more = (after.amount or 0) > (before.amount or 0) or after.minimum > before.minimum
    return more or after.due_on != before.due_on


def _terms(told: list[BillFact]) -> BillFact | None:
    return next((fact for fact in reversed(told) if fact.amount is not None), None)


def _newer(known: dict[str, BillFact], dropped: set[str]) -> dict[str, str]:
    """bill → the statement that took it up; of several the one issued last."""
    claims: dict[str, tuple[datetime, str]] = {}
    for bill, fact in known.items():
        older = fact.supersedes
        if older is None or older == bill or bill in dropped:
            continue
        claims[older] = max(claims.get(older, (fact.issued_at, bill)), (fact.issued_at, bill))
    return {older: bill for older, (_, bill) in claims.items()}


def _home(payment: PaymentFact, known: dict[str, BillFact], newer: dict[str, str]) -> str | None:
    home = payment.bill
    if home is None or home not in known:
        return None
    passed = {home}
    while (after := newer.get(home)) and after not in passed:
        if payment.paid_at < known[after].issued_at:
            break
        passed.add(after)
        home = after
    return home
