"""What others observed and customers chose, as rows: the newest statement of each in a batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reminders.domain.identity import make_id, month_of
from reminders.domain.kinds import MessageClass
from reminders.events.models import OffsetsChosen
from reminders.events.observed import ContactConfirmed, ContactMade, PromiseMade, RiskObserved
from reminders.ledger import arrays, observed
from reminders.services.newest import Newest
from reminders.services.preferences.alarm import Asked

Rank = tuple[datetime, str]  # effective at, event key


class Observed:
    """Collects these facts of a batch of new events and writes them table by table."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._offsets = Newest()
        self._risk_inputs = Newest()
        self._promises = Newest()
        self._contacts = Newest()
        self._statements = Newest()
        self._confirmations = Newest()
        self._changes = Newest()

    def add(self, customer: int, data: object, rank: Rank) -> None:
        """Take over what an event says, if it is one of these."""
        _ADDERS[type(data)](self, customer, data, rank)

    def add_address(self, customer: int, channel: str, digest: bytes | None, rank: Rank) -> None:
        """From `rank` on the channel had the address of this hash (None = no address)."""
        self._statements.add((customer, channel, *rank), rank, (digest,))

    def add_change(self, asked: Asked, rank: Rank, held_for: str) -> None:
        """One change of a preference, whether it takes effect or is held for a person."""
        # Its name and month are the event's own, so that a replay finds it there already.
        customer, at = asked.customer, rank[0]
        change_no = make_id(month_of(at), customer, "preference_change", at, asked.event_key)
        row = (
            asked.channel,
            asked.kind,
            asked.allowed,
            asked.actor,
            asked.source,
            at,
            self._now,
            asked.event_key,
            held_for,
        )
        self._changes.add((customer, change_no), rank, row)

    def write(self, connection: Connection) -> None:
        """Write every fact; contact points and preferences are written before."""
        observed.set_offsets(connection, self._offsets.rows())
        observed.RISK_INPUTS.insert(connection, self._risk_inputs.rows())
        observed.PROMISES.insert(connection, self._promises.rows())
        observed.OUTSIDE_CONTACTS.insert(connection, self._contacts.rows())
        observed.CONTACT_STATEMENTS.insert(connection, self._statements.rows())
        observed.CONFIRMATIONS.insert(connection, self._confirmations.rows())
        observed.confirm_points(
            connection, self._statements.customers() | self._confirmations.customers()
        )
        observed.PREFERENCE_CHANGES.insert(connection, self._changes.rows())
        observed.number_preferences(connection, self._changes.customers())

    def _offsets_chosen(self, customer: int, data: OffsetsChosen, rank: Rank) -> None:
        self._offsets.add((customer,), rank, (arrays.literal(list(data.offsets)), *rank))

    def _risk(self, customer: int, data: RiskObserved, rank: Rank) -> None:
        key = (customer, data.name, data.observed_at)
        self._risk_inputs.add(key, rank, (data.value, data.source, *rank))

    def _promise(self, customer: int, data: PromiseMade, rank: Rank) -> None:
        terms = (data.bill_id, data.amount_minor, data.currency, data.promised_on, data.made_at)
        self._promises.add((customer, data.promise_id), rank, (*terms, *rank))

    def _confirmed(self, customer: int, data: ContactConfirmed, rank: Rank) -> None:
        self._confirmations.add((customer, data.channel, data.confirmed_at), rank, ())

    def _contact(self, customer: int, data: ContactMade, rank: Rank) -> None:
        row = (
            data.channel,
            data.message_class or MessageClass.COLLECTION.value,
            data.bill_id or "",
            data.connected,
            data.conversation,
            arrays.literal(list(data.excluded or ())),
            data.at,
        )
        self._contacts.add((customer, data.contact_id), rank, (*row, *rank))


_Adder = Callable[[Observed, int, Any, Rank], None]  # Any: one data model

_ADDERS: dict[type, _Adder] = {
    OffsetsChosen: Observed._offsets_chosen,
    RiskObserved: Observed._risk,
    PromiseMade: Observed._promise,
    ContactConfirmed: Observed._confirmed,
    ContactMade: Observed._contact,
}
OBSERVED = frozenset(_ADDERS)
