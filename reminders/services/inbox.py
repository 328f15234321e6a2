"""A customer's in-app messages, as their inbox shows them, and what it says at a glance."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from reminders.domain.identity import customer_id
from reminders.domain.policy import Urgency
from reminders.ledger import facts, inbox
from reminders.ledger.cipher import KeyRing
from reminders.ledger.facts import Facts

_RANK = {each: rank for rank, each in enumerate(Urgency)}


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message. `written_at` is the business instant at which its gate committed; `open`: a
    bill that it is about is neither settled nor closed."""

    attempt_id: str
    written_at: datetime
    bill_id: str
    kind: str
    urgency: str
    open: bool
    subject: str = field(repr=False)
    text: str = field(repr=False)
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Banner:
    """The message that is pinned above the others, by reference: its text is in the inbox."""

    attempt_id: str
    written_at: datetime
    bill_id: str
    kind: str
    urgency: str
    open: bool = True


@dataclass(frozen=True, slots=True)
class Glance:
    """What an app shows before the inbox is opened."""

    unread: int
    newest: str  # attempt id of the newest unread message, "" where there is none
    banner: Banner | None


class Pinnable(Protocol):
    """What the choice of a banner looks at."""

    @property
    def written_at(self) -> datetime: ...
    @property
    def attempt_id(self) -> str: ...
    @property
    def urgency(self) -> str: ...
    @property
    def open(self) -> bool: ...


Kind = TypeVar("Kind", bound=Pinnable)
NOTHING = Glance(0, "", None)


def pinned(unread: Iterable[Kind]) -> Kind | None:
    """The most urgent of these about a bill that is still open, the newest of equals."""
    ahead = [message for message in unread if message.open]
    return max(
        ahead,
        key=lambda message: (
            _RANK[Urgency(message.urgency)],
            message.written_at,
            message.attempt_id,
        ),
        default=None,
    )


def messages(
    connection: Connection, ring: KeyRing, customer: str, since: date
) -> list[InboxMessage]:
    """Every in-app message of the customer whom billing calls `customer`, newest first. Bills
    due before `since` are history: no longer open."""
    number = customer_id(customer)
    rows = inbox.written(connection, number)
    known = facts.load(connection, [number], since).get(number) if rows else None
    found = []
    for row in rows:
        shown = json.loads(ring.open(row.key_id, row.ciphertext))
        found.append(
            InboxMessage(
                str(row.attempt_id),
                row.written_at,
                row.bill_id,
                row.kind,
                row.urgency,
                _open(known, (row.bill_id, *row.also)),
                shown["subject"],
                shown["text"],
                row.read_at,
            )
        )
    return found


def glances(
    connection: Connection, customers: Collection[str], since: date
) -> Mapping[str, Glance]:
    """What each of these customers is to see at a glance; two statements for all of them."""
    rows = inbox.unread(connection, {customer_id(each) for each in customers})
    known = facts.load(connection, {row.customer_id for row in rows}, since) if rows else {}
    unread: dict[str, list[Banner]] = {each: [] for each in customers}
    for row in rows:
        if row.ref in unread:
            is_open = _open(known.get(row.customer_id), (row.bill_id, *row.also))
            unread[row.ref].append(
                Banner(
                    str(row.attempt_id),
                    row.written_at,
                    row.bill_id,
                    row.kind,
                    row.urgency,
                    is_open,
                )
            )
    return {ref: _glance(each) for ref, each in unread.items()}


def _glance(unread: Sequence[Banner]) -> Glance:
    newest = max(unread, key=lambda each: (each.written_at, each.attempt_id), default=None)
    return Glance(len(unread), newest.attempt_id if newest else "", pinned(unread))


def _open(known: Facts | None, bills: Iterable[str]) -> bool:
    """True if one of these bills still wants paying."""
    positions = [known.bills.get(bill) for bill in bills] if known is not None else []
    return any(each is not None and not (each.settled or each.closed) for each in positions)
