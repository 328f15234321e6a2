"""What a channel returns for one send, and the states an attempt goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from reminders.domain.errors import IllegalTransition


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took responsibility for the message; `ref` is its own id for it.

    `dead_parts` are those of several addresses (devices) that it says are no more.
    """

    ref: str
    dead_parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transient:
    """The provider surely took nothing and may take it later: it is down or busy, or our account
    there is at fault (password, balance), which another provider need not share."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    """The provider refused for good; `dead_contact` says that the address itself is at fault."""

    reason: str
    dead_contact: bool = False


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The bytes left and no answer came: it may or may not have been taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """The call never began (too late after its gate, or no connection): surely nothing left."""

    reason: str


Outcome = Accepted | Transient | Permanent | Uncertain | Unsent


class AttemptState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    ACTED = "acted"  # the customer followed the link, pressed the key, answered, did the task
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RELEASED = "released"
    UNCERTAIN = "uncertain"


_S = AttemptState

# A late receipt may still tell the truth about an attempt that was given up (`undelivered`,
# `uncertain`, `failed`); nothing takes back a `delivered` but a later `read` or `acted`. What a
# receipt says goes above what a call said, failed < accepted < undelivered < delivered < read <
# acted, so that a
# receipt before its attempt is recorded and one after it end alike.
ATTEMPT_TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    _S.SUBMITTED: frozenset(
        {
            _S.ACCEPTED,
            _S.DELIVERED,
            _S.READ,
            _S.ACTED,
            _S.UNDELIVERED,
            _S.FAILED,
            _S.RELEASED,
            _S.UNCERTAIN,
        }
    ),
    _S.UNCERTAIN: frozenset(
        {
            _S.SUBMITTED,
            _S.ACCEPTED,
            _S.DELIVERED,
            _S.READ,
            _S.ACTED,
            _S.UNDELIVERED,
            _S.FAILED,
            _S.RELEASED,
        }
    ),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.READ, _S.ACTED, _S.UNDELIVERED}),
    _S.UNDELIVERED: frozenset({_S.DELIVERED, _S.READ, _S.ACTED}),
    _S.FAILED: frozenset({_S.ACCEPTED, _S.UNDELIVERED, _S.DELIVERED, _S.READ, _S.ACTED}),
    _S.DELIVERED: frozenset({_S.READ, _S.ACTED}),
    _S.READ: frozenset({_S.ACTED}),
    _S.ACTED: frozenset(),
    _S.RELEASED: frozenset(),
}


def move(current: AttemptState, wanted: AttemptState) -> AttemptState:
    """Return `wanted` if the table allows it from `current`; raise `IllegalTransition` if not."""
    if wanted not in ATTEMPT_TRANSITIONS[current]:
        raise IllegalTransition(f"an attempt cannot go from {current} to {wanted}")
    return wanted


def merge(current: AttemptState, heard: AttemptState) -> AttemptState:
    """Fold what was heard into what is known: the move where it is legal, else no change.

    Receipts come doubled, late and out of order; folding them in any order ends in one state.
    """
    return heard if heard in ATTEMPT_TRANSITIONS[current] else current


class Word(StrEnum):
    """Reasons, by calls or receipts, that say more than that a message did not arrive."""

    OPTED_OUT = "opted_out"  # the provider keeps a STOP of this customer and refuses our messages
    SUSPENDED = "suspended"  # the number is out of service for now, such as unpaid: it may be back


class ReceiptStatus(StrEnum):
    """What a provider, or the customer's own act, says of an attempt."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    READ = "read"
    ACTED = "acted"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One statement about one attempt. `at` is the provider's instant, aware UTC.

    A provider that never quotes our attempt id leaves it empty and gives `provider_ref`. Where it
    uses its ids again it also gives the address, and when it took the message.
    """

    attempt_id: str
    status: ReceiptStatus
    at: datetime
    provider_ref: str = ""
    reason: str = ""
    dead_contact: bool = False
    address: str = field(default="", repr=False)
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a customer wrote to us. `sender` is the address it came from, as contact points have
    it; `ref` is the provider's id of it, by which a second copy is known."""

    sender: str = field(repr=False)
    text: str = field(repr=False)
    at: datetime
    ref: str = ""
    attempt_id: str = ""  # the message that it answers, where the provider says
