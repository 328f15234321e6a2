"""Folds one statement of a provider, or of the customer's own act, into the attempt it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from channels.receipts import UNDATED
from reminders.domain.identity import make_id
from reminders.domain.outcome import AttemptState, Receipt, ReceiptStatus, Word, merge
from reminders.domain.reminder import OPEN
from reminders.ledger import attempts
from reminders.ledger.attempts import Change, KeptAttempt
from reminders.ledger.contact_points import Sign, SignKind
from reminders.ledger.reminders import Kept
from reminders.services.arrivals import Arrival
from reminders.services.callbacks import Heard

log = structlog.get_logger(__name__)

_STATES = {
    ReceiptStatus.ACCEPTED: AttemptState.ACCEPTED,
    ReceiptStatus.DELIVERED: AttemptState.DELIVERED,
    ReceiptStatus.READ: AttemptState.READ,
    ReceiptStatus.ACTED: AttemptState.ACTED,
    ReceiptStatus.UNDELIVERED: AttemptState.UNDELIVERED,
}
_REACHED = frozenset({AttemptState.DELIVERED, AttemptState.READ, AttemptState.ACTED})


@dataclass(slots=True)
class Applied:
    """What became of a batch of callbacks."""

    receipts: int = 0
    changed: int = 0
    late: int = 0
    dead: int = 0
    inbound: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.receipts + other.receipts,
            self.changed + other.changed,
            self.late + other.late,
            self.dead + other.dead,
            self.inbound + other.inbound,
        )


@dataclass(slots=True)
class Work:
    """Rows that one batch of receipts writes."""

    now: datetime
    rows: list[tuple[object, ...]] = field(default_factory=list)
    attempts: dict[UUID, KeptAttempt] = field(default_factory=dict)
    changed: dict[UUID, Change] = field(default_factory=dict)
    events: list[tuple[object, ...]] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    engaged: list[tuple[object, ...]] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    applied: Applied = field(default_factory=Applied)


def fold(work: Work, heard: Heard, held: KeptAttempt, kept: Kept) -> None:
    """Take one statement into its attempt: a move where it is legal, else only a line."""
    receipt, attempt_id = heard.receipt, held.attempt.attempt_id
    late = kept.state not in OPEN
    receipt_no = make_id(
        held.month, held.customer_id, receipt.status, receipt.at.isoformat(), receipt.reason
    )
    # A provider without a clock that we know of is heard now; its id is the same each time.
    said_at = work.now if receipt.at == UNDATED else receipt.at
    # A clock that is ahead must not have the last word on an address until we are there too.
    at = min(said_at, work.now)
    work.rows.append(
        (
            held.customer_id,
            held.month,
            attempt_id,
            receipt_no,
            heard.provider,
            receipt.status,
            receipt.reason,
            said_at,
            work.now,
            late,
        )
    )
    work.applied.receipts += 1
    work.applied.late += late
    before = held.attempt.state
    state = merge(before, _STATES[receipt.status])
    if receipt.dead_contact and held.secret_id is not None and not _overruled(receipt, state):
        # A complaint says `delivered` and bars the address all the same, for good.
        complaint = receipt.status is not ReceiptStatus.UNDELIVERED
        kind = SignKind.BARRED if complaint else SignKind.DEAD
        work.signs.append(Sign(held.customer_id, held.secret_id, kind, at))
    if state is before:
        return
    moved = held.moved(state, receipt.reason)
    work.attempts[attempt_id] = moved
    work.changed[attempt_id] = Change(moved, receipt.provider_ref)
    work.events.append(attempts.event_row(moved, at))
    work.applied.changed += 1
    # Reading what was delivered says nothing new of the address, and takes back no complaint.
    reached = before not in _REACHED and state in _REACHED
    if held.secret_id is not None and not receipt.dead_contact:
        if reached:
            # What was said before of this very message is refuted, whatever its instant.
            refuted = before in (AttemptState.UNDELIVERED, AttemptState.FAILED)
            since = work.now if refuted else at
            work.signs.append(Sign(held.customer_id, held.secret_id, SignKind.REACHED, since))
        elif state is AttemptState.UNDELIVERED and receipt.reason != Word.OPTED_OUT:
            # A carrier that says "suspended" need not say it twice: in doubt, until it is probed.
            sure = 2 if receipt.reason == Word.SUSPENDED else 1
            failed = Sign(held.customer_id, held.secret_id, SignKind.FAILED, at)
            work.signs.extend([failed] * sure)
    if state in (AttemptState.READ, AttemptState.ACTED):
        work.engaged.append((held.customer_id, str(state), at, held.attempt.channel))
    if reached or state is AttemptState.UNDELIVERED:
        work.arrivals.append(Arrival(held, reached))
    log.debug(
        "receipt",
        trace=kept.trace_id,
        bill=kept.reminder.bill_id,
        attempt=str(attempt_id),
        provider=heard.provider,
        status=receipt.status,
        late=late,
    )


def _overruled(receipt: Receipt, state: AttemptState) -> bool:
    """It says that the address is dead, and another receipt that the message arrived there."""
    return receipt.status is ReceiptStatus.UNDELIVERED and state in _REACHED
