"""Everything that is known of one bill, read in one consistent look: what stories are told from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine

from reminders.domain.address import mask
from reminders.domain.bill import BillPosition
from reminders.domain.decision import Decision
from reminders.domain.identity import customer_id
from reminders.domain.policy import Policy
from reminders.domain.reminder import OPEN
from reminders.domain.risk import Assessment
from reminders.domain.usage import Usage
from reminders.ledger import confirmations, facts, history, usage
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.cipher import KeyRing
from reminders.ledger.confirmations import Confirmed
from reminders.ledger.errors import LedgerError, UnknownKey
from reminders.ledger.facts import Facts
from reminders.ledger.history import Decided, Heard, Line, Told
from reminders.ledger.reminders import Kept
from reminders.services import used_up
from reminders.services.clock import Clock
from reminders.services.judging import judge
from reminders.services.snapshot import Snapshot, decide_on
from reminders.services.used_up import UsedUp

Row = TypeVar("Row", Decided, Line, Heard)


class Policies(Protocol):
    """Policies by label, and the one in force."""

    @property
    def active(self) -> Policy: ...
    def get(self, label: str) -> Policy:
        """Raises `PolicyError` if nobody ever froze it."""


class Reading(Protocol):
    """What stories are read with. `Resources` has it all; reading alone needs no more."""

    @property
    def engine(self) -> Engine: ...
    @property
    def ring(self) -> KeyRing: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def book(self) -> Policies: ...
    def since(self, now: datetime) -> date: ...


@dataclass(frozen=True, slots=True)
class BillHistory:
    """One customer's bill. By reminder: decisions and attempts; by attempt: lines and receipts.

    `asked_at`: only what had happened by then is told; None: all of it, up to `now`.
    """

    now: datetime
    bill_id: str
    known: Facts
    events: Sequence[Told]  # every one of the customer
    kept: Sequence[Kept]
    decisions: Mapping[UUID, Sequence[Decided]]
    attempts: Mapping[UUID, Sequence[KeptAttempt]]
    lines: Mapping[UUID, Sequence[Line]]
    receipts: Mapping[UUID, Sequence[Heard]]
    masks: Mapping[UUID, str]  # by the id of an address
    policies: Mapping[str, Policy]  # by name@version
    active: Policy
    used: UsedUp
    shared: Mapping[UUID, Sequence[str]] = field(default_factory=dict)  # bills in its message
    confirmations: Sequence[Confirmed] = ()  # of what the customer wrote, the oldest first
    asked_at: datetime | None = None

    @property
    def zone(self) -> str:
        return self.known.customer.time_zone or "UTC"

    @property
    def bill(self) -> BillPosition | None:
        return self.known.bills.get(self.bill_id)

    @property
    def policy(self) -> Policy:
        """The policy that the newest plan was frozen with."""
        return self.policies[self.kept[-1].policy] if self.kept else self.active

    def assessment(self) -> Assessment:
        """The tier of today with the points that add up to it."""
        return judge(self.known, self.policy, self.now)

    def foresee(self, kept: Kept) -> tuple[datetime, Decision]:
        """When an open reminder wakes up, and what is decided then if no fact changes.

        Where the story is told as of an instant: what the brain says at that instant, from the
        facts of today.
        """
        at = max(self.now, kept.next_at) if self.asked_at is None else self.asked_at
        return at, decide_on(self.inputs(kept, at), self.policies[kept.policy])

    def inputs(self, kept: Kept, at: datetime) -> Snapshot:
        """What a decision on this reminder at `at` would be made from, by the facts of today."""
        policy, customer = self.policies[kept.policy], self.known.customer
        used = self.used.of(customer, used_up.every_key(policy, customer))
        earlier = tuple(contact for contact in used.contacts if contact.at <= at)
        past = self.attempts.get(kept.reminder.reminder_id, ())
        return Snapshot(
            now=at,
            reminder=kept.reminder,
            bill=self.bill,
            customer=customer,
            policy=policy.label,
            tier=judge(self.known, policy, at).tier,
            history=tuple(each.attempt for each in past),
            usage=Usage(earlier, used.told, used.noted),
        )

    def open(self) -> list[Kept]:
        """Reminders that have not ended, in the order in which they wake up."""
        return sorted(
            (each for each in self.kept if each.state in OPEN), key=lambda each: each.next_at
        )


def load(resources: Reading, bill_id: str, customer: str = "") -> list[BillHistory]:
    """The histories of a bill id: one for each customer who has it, or of `customer` alone.

    Raises `LedgerError` if nobody has such a bill.
    """
    now = resources.clock.now()
    engine = resources.engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        ids = history.customers_of(connection, bill_id)
        if customer:
            ids = [each for each in ids if each == customer_id(customer)]
        if not ids:
            whose = f" of customer {customer}" if customer else ""
            raise LedgerError(f"no bill{whose} is called {bill_id}")
        known = facts.load(connection, ids, resources.since(now))
        return [_load(resources, connection, known[each], bill_id, now) for each in ids]


def _load(
    resources: Reading, connection: Connection, known: Facts, bill_id: str, now: datetime
) -> BillHistory:
    customer = known.customer.customer_id
    kept = history.reminders_of(connection, customer, bill_id)
    attempts = history.attempts_of(connection, kept)
    every = [each for group in attempts.values() for each in group]
    attempt_ids = [each.attempt.attempt_id for each in every]
    answered = confirmations.of_customer(connection, customer)
    named = {each.secret_id for each in every} | {each.secret_id for each in answered}
    secrets = {each for each in named if each is not None}
    policies = {label: resources.book.get(label) for label in {each.policy for each in kept}}
    digests = any(policy.digest for policy in policies.values())
    return BillHistory(
        now=now,
        bill_id=bill_id,
        known=known,
        events=history.events(connection, customer),
        kept=kept,
        decisions=_grouped(
            history.decisions(connection, customer, [each.reminder.reminder_id for each in kept])
        ),
        attempts=attempts,
        lines=_grouped(history.lines(connection, customer, attempt_ids)),
        receipts=_grouped(history.receipts(connection, customer, attempt_ids)),
        masks=_masks(resources, history.addresses(connection, customer, secrets)),
        policies=policies,
        active=resources.book.active if not kept else policies[kept[-1].policy],
        used=_used(connection, known, policies.values(), now),
        shared=history.sharing(connection, customer, attempt_ids) if digests else {},
        confirmations=answered,
    )


def _used(
    connection: Connection, known: Facts, policies: Iterable[Policy], now: datetime
) -> UsedUp:
    """What caps count, without the locks that a gate would take: nothing is decided here."""
    customer = known.customer
    keys = frozenset().union(*(used_up.every_key(policy, customer) for policy in policies))
    own = usage.own(connection, [customer.customer_id], now - used_up.LOOK_BACK)
    shared = usage.shared(connection, keys, now - used_up.SHARED_BACK) if keys else []
    return UsedUp(own, {customer.customer_id: known.contacts}, shared)


def _grouped(rows: Sequence[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        owner = row.reminder_id if isinstance(row, Decided) else row.attempt_id
        found.setdefault(owner, []).append(row)
    return found


def _masks(resources: Reading, sealed: Mapping[UUID, tuple[str, bytes]]) -> dict[UUID, str]:
    """Addresses as they may be shown; one whose key is gone is not shown at all."""
    masks = {}
    for secret_id, (key_id, ciphertext) in sealed.items():
        try:
            masks[secret_id] = mask(resources.ring.open(key_id, ciphertext).decode())
        except UnknownKey:
            continue
    return masks
