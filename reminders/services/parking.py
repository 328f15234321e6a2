"""Receipts that quote only the provider's own id: whose they are, and where they wait until that
is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from reminders.domain.identity import NOBODY, make_id, month_of
from reminders.domain.outcome import Receipt
from reminders.ledger import provider_refs
from reminders.ledger.cipher import KeyRing
from reminders.ledger.errors import LedgerError
from reminders.ledger.provider_refs import FIRST, Mark, Parked
from reminders.services.callbacks import Callback, Heard
from reminders.services.same_id import Quoted, Sent, meant

KEPT = timedelta(days=7)  # a receipt of a message that nobody recorded by then is a dead letter
SAME = "its id is that of several messages, and nothing tells them apart"
_TAIL = 8  # digits: however a number is written, with its country or without, they are the same


@dataclass(slots=True)
class Resolved:
    """Statements with the attempts they are about, and those that could be of several."""

    found: list[Heard] = field(default_factory=list)
    wrong: list[Callback] = field(default_factory=list)


def resolve(
    connection: Connection, ring: KeyRing, heard: Sequence[Heard], now: datetime
) -> Resolved:
    """These with the attempts they are about; what comes before its attempt is parked."""
    told = Resolved([each for each in heard if each.attempt_id is not None])
    unknown = [each for each in heard if each.attempt_id is None]
    if not unknown:
        return told
    keys = [_key_of(ring, each.receipt.address) for each in unknown]
    pairs = [(each, key) for each, key in zip(unknown, keys, strict=True)]
    rest = _match(connection, ring, pairs, told)
    provider_refs.PARKED.insert(connection, [_row(each, key, now) for each, key in rest])
    return told


def unpark(
    connection: Connection, ring: KeyRing, most: int, after: Mark = FIRST
) -> tuple[Resolved, Mark | None]:
    """Parked receipts whose message was recorded meanwhile, of the next `most` behind `after`:
    they are parked no more. And the mark to go on behind; None where there are no more."""
    told = Resolved()
    parked = provider_refs.waiting(connection, most, after)
    pairs = [(_again(each), each.number_key) for each in parked]
    rest = {id(each) for each, _ in _match(connection, ring, pairs, told)}
    over = [
        one.receipt_no
        for one, (heard, _) in zip(parked, pairs, strict=True)
        if id(heard) not in rest
    ]
    provider_refs.drop(connection, over)
    return told, parked[-1].mark if len(parked) == most else None


def take_off(connection: Connection, mark: Mark) -> list[Callback]:
    """The one that stands there, applied never: the database refuses what it says. Nothing where
    somebody else has it in hand, or has done so."""
    parked = provider_refs.standing(connection, mark)
    provider_refs.drop(connection, [each.receipt_no for each in parked])
    return [_again(each).callback for each in parked]


def _again(parked: Parked) -> Heard:
    said = f"{parked.receipt.status} {parked.receipt.reason} of {parked.receipt.provider_ref}"
    callback = Callback("parked", parked.provider, said.encode())
    return Heard(None, parked.provider, parked.receipt, callback)


_Pair = tuple[Heard, bytes | None]


def _match(
    connection: Connection, ring: KeyRing, pairs: Sequence[_Pair], told: Resolved
) -> list[_Pair]:
    """Sort these into `told`; returns those whose message is not known."""
    refs = {(each.provider, each.receipt.provider_ref) for each, _ in pairs}
    candidates = provider_refs.candidates(connection, refs)
    numbered = {(each.provider, each.receipt.provider_ref) for each, key in pairs if key}
    ids = {one.attempt_id for ref in numbered for one in candidates.get(ref, ())}
    numbers = _numbers(connection, ring, ids)
    rest = []
    for each, key in pairs:
        sent = [
            Sent(one.attempt_id, one.at, numbers.get(one.attempt_id))
            for one in candidates.get((each.provider, each.receipt.provider_ref), ())
        ]
        left = meant(Quoted(each.receipt.at, key, each.receipt.submitted_at), sent)
        if not left:
            rest.append((each, key))
        elif len(left) > 1:
            told.wrong.append(each.callback)
        else:
            attempt_id = left[0].attempt_id
            receipt = replace(each.receipt, attempt_id=str(attempt_id))
            told.found.append(replace(each, attempt_id=attempt_id, receipt=receipt))
    return rest


def _numbers(connection: Connection, ring: KeyRing, ids: set[UUID]) -> dict[UUID, bytes]:
    """The keyed hashes of the numbers that these messages went to, as far as they are known."""
    found = {}
    for number, (key_id, ciphertext) in provider_refs.addresses(connection, ids).items():
        try:
            key = _key_of(ring, ring.open(key_id, ciphertext).decode())
        except LedgerError:
            continue
        if key is not None:
            found[number] = key
    return found


def _key_of(ring: KeyRing, address: str) -> bytes | None:
    """A keyed hash of the end of a number, however it is written; None for what is no number."""
    digits = "".join(each for each in address if each in "0123456789")
    return ring.hash(f"number:{digits[-_TAIL:]}") if len(digits) >= _TAIL else None


def _row(heard: Heard, key: bytes | None, now: datetime) -> tuple[object, ...]:
    receipt = heard.receipt
    return (
        heard.provider,
        receipt.provider_ref,
        _number(heard.provider, receipt, key, now),
        receipt.status,
        receipt.reason,
        receipt.dead_contact,
        receipt.at,
        key,
        receipt.submitted_at,
        now,
    )


def _number(provider: str, receipt: Receipt, key: bytes | None, now: datetime) -> UUID:
    """The same for every copy of a receipt."""
    said = (provider, receipt.provider_ref, receipt.status, receipt.at.isoformat())
    return make_id(month_of(now), NOBODY, *said, receipt.reason, key.hex() if key else "")
