"""What is owed: a bill's position, derived from its versions and payments in any order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter

from reminders.domain.record import record


class Phase(StrEnum):
    """Where a bill stands on a local day; derived, never stored."""

    FUTURE = "future"
    UPCOMING = "upcoming"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    SETTLED = "settled"
    CLOSED = "closed"


UPCOMING_DAYS = 7


@record
class BillTerms:
    """What a billing snapshot says of a bill. Money in minor units of `currency`."""

    currency: str
    amount_due: int
    minimum_due: int
    due_on: date
    product: str
    revolving: bool
    supersedes: str | None
    issued_at: datetime


@record
class BillVersion:
    """One billing event about a bill: a snapshot, or (terms None) its cancellation.

    `order` breaks ties between two events that claim one version: event time, then event id.
    """

    bill_id: str
    version: int
    order: tuple[datetime, str]
    terms: BillTerms | None


@record
class Payment:
    """Money received against a bill (bill_id None: unallocated); reversed if `reversed_at`."""

    payment_id: str
    bill_id: str | None
    amount: int
    currency: str
    paid_at: datetime
    reversed_at: datetime | None = None


@record
class BillPosition:
    """One bill as it stands after every fact known now."""

    bill_id: str
    version: int
    terms: BillTerms
    epoch: int
    cancelled: bool
    superseded_by: str | None
    payments: tuple[Payment, ...]
    paid: int = -1  # minor units paid and not reversed, from `payments`; may exceed the amount

    def __post_init__(self) -> None:
        # Added up once: every rule asks for it, and a position never changes.
        paid = 0
        for payment in self.payments:
            if payment.reversed_at is None:
                paid += payment.amount
        object.__setattr__(self, "paid", paid)

    @property
    def balance(self) -> int:
        """Minor units still to pay, never below 0."""
        return max(0, self.terms.amount_due - self.paid)

    @property
    def minimum_left(self) -> int:
        """Minor units still missing from the minimum, never below 0."""
        return max(0, self.terms.minimum_due - self.paid)

    @property
    def settled(self) -> bool:
        return self.paid >= self.terms.amount_due

    @property
    def closed(self) -> bool:
        return self.cancelled or self.superseded_by is not None

    def phase(self, today: date) -> Phase:
        """The phase on the customer's local day `today`."""
        if self.closed:
            return Phase.CLOSED
        if self.settled:
            return Phase.SETTLED
        days = (self.terms.due_on - today).days
        if days > UPCOMING_DAYS:
            return Phase.FUTURE
        if days > 0:
            return Phase.UPCOMING
        if days == 0:
            return Phase.DUE_TODAY
        return Phase.OVERDUE


_NOTHING: Mapping[str, BillPosition] = {}


def positions(
    versions: Iterable[BillVersion],
    payments: Iterable[Payment],
    before: Mapping[str, BillPosition] = _NOTHING,
) -> dict[str, BillPosition]:
    """Every bill of one customer as it stands, from all facts known, whatever their order.

    A bill of which only a cancellation is known has no position yet. Payments that name no known
    bill, or are in another currency, are credit outside every position. Of the positions `before`,
    those that still hold are given back as they are.
    """
    histories: dict[str, list[BillVersion]] = {}
    for version in versions:
        histories.setdefault(version.bill_id, []).append(version)
    terms: dict[str, BillTerms] = {}
    for bill_id, history in histories.items():
        if len(history) > 1:
            history.sort(key=_version_order)
        for version in history:
            if version.terms is not None:
                terms[bill_id] = version.terms
    cancelled = {bill_id: histories[bill_id][-1].terms is None for bill_id in terms}
    successors = _successors(terms, cancelled)
    lost_successors = _lost_successors(histories)
    found = {}
    for bill_id, allocated in _allocate(payments, terms, successors).items():
        history = histories[bill_id]
        facts = (
            bill_id,
            history[-1].version,
            terms[bill_id],
            _moves(history) + _reversals(allocated) + lost_successors.get(bill_id, 0),
            cancelled[bill_id],
            successors.get(bill_id),
            tuple(sorted(allocated, key=payment_order)) if allocated else (),
        )
        held = before.get(bill_id)
        found[bill_id] = held if held and _facts_of(held) == facts else BillPosition(*facts)
    return found


_facts_of = attrgetter(
    "bill_id", "version", "terms", "epoch", "cancelled", "superseded_by", "payments"
)


def _version_order(version: BillVersion) -> tuple[int, tuple[datetime, str]]:
    return version.version, version.order


def payment_order(payment: Payment) -> tuple[datetime, str]:
    return payment.paid_at, payment.payment_id


def _reversals(payments: Iterable[Payment]) -> int:
    return sum([payment.reversed_at is not None for payment in payments])


def unallocated(
    payments: Iterable[Payment], known: Mapping[str, BillPosition]
) -> tuple[Payment, ...]:
    """Payments that reduce no bill: no bill named, an unknown one, or another currency."""
    used = {payment.payment_id for position in known.values() for payment in position.payments}
    return tuple(payment for payment in payments if payment.payment_id not in used)


def _successors(terms: dict[str, BillTerms], cancelled: dict[str, bool]) -> dict[str, str]:
    """bill → the live statement that contains its rest (the newest, if several claim it)."""
    successors: dict[str, str] = {}
    claiming = [bill_id for bill_id, each in terms.items() if each.supersedes is not None]
    for bill_id in sorted(claiming, key=lambda bill_id: (terms[bill_id].issued_at, bill_id)):
        older = terms[bill_id].supersedes
        if older is not None and older != bill_id and not cancelled[bill_id]:
            successors[older] = bill_id
    return successors


def _lost_successors(histories: dict[str, list[BillVersion]]) -> dict[str, int]:
    """bill → how often a statement that superseded it was cancelled or dropped it: each reinstates.

    Counted over every version, so that it never falls as facts arrive: a statement that is
    cancelled, comes back and is cancelled again has let go of the older bill twice.
    """
    lost: dict[str, int] = {}
    for bill_id, history in histories.items():
        if len(history) == 1:
            continue
        held: str | None = None
        for version in history:
            claimed = None if version.terms is None else version.terms.supersedes
            if held is not None and held not in (claimed, bill_id):
                lost[held] = lost.get(held, 0) + 1
            held = claimed
    return lost


def _allocate(
    payments: Iterable[Payment], terms: dict[str, BillTerms], successors: dict[str, str]
) -> dict[str, list[Payment]]:
    """Payments per bill. One made after the next statement was issued reduces that statement,
    also where the bill that it names has not been heard of yet."""
    allocated: dict[str, list[Payment]] = {bill_id: [] for bill_id in terms}
    for payment in payments:
        target = payment.bill_id
        if target is None:
            continue
        seen = {target}
        while (after := successors.get(target)) is not None and after not in seen:
            if payment.paid_at < terms[after].issued_at:
                break
            seen.add(after)
            target = after
        if target in terms and terms[target].currency == payment.currency:
            allocated[target].append(payment)
    return allocated


def _moves(history: list[BillVersion]) -> int:
    """How often the plan had to start anew: the due date moved, more was asked, or it came back.

    It never falls as facts arrive, in whatever order: a version between two others adds, at most.
    """
    if len(history) == 1:
        return 0
    moves = 0
    before: BillTerms | None = None
    was_cancelled = False
    for version in history:
        terms = version.terms
        if terms is None:
            was_cancelled = True
            continue
        if was_cancelled or (before is not None and _starts_anew(before, terms)):
            moves += 1
        before, was_cancelled = terms, False
    return moves


def _starts_anew(before: BillTerms, after: BillTerms) -> bool:
    """A raised amount may open a bill that was settled, and its reminders had ended."""
    return (
        after.due_on != before.due_on
        or after.amount_due > before.amount_due
        or after.minimum_due > before.minimum_due
    )
