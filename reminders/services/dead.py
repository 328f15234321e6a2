"""Dead letters for a person: looked at with a mask on, put in again, or closed with a note."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reminders.domain.address import mask
from reminders.domain.identity import month_in, month_of
from reminders.ledger import dead_letters, locks, reopening
from reminders.ledger.dead_letters import DeadLetter, Origin
from reminders.services import intake, receipts
from reminders.services.callbacks import Callback
from reminders.services.intake import Incoming
from reminders.services.resources import Resources

OPEN, RETRIED, CLOSED = "open", "retried", "closed"
STATES = (OPEN, RETRIED, CLOSED)
_PERSONAL = frozenset({"name", "address", "phone", "email", "to", "from", "text", "subject"})
# In what cannot be read as JSON: a quoted personal field, a mail address, a long number.
_FIELD = re.compile(r'("(?:' + "|".join(sorted(_PERSONAL)) + r')"\s*:\s*")((?:[^"\\]|\\.)*)')
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"\+\d{7,15}|(?<![\w.-])1[3-9]\d{9}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of one letter: `went_in`, or the reason for which it is still open."""

    letter: DeadLetter
    went_in: bool
    says: str


def find(resources: Resources, dead_id: UUID) -> DeadLetter | None:
    """The letter of this id, whatever its state; None if nobody ever kept it."""
    try:
        month_in(dead_id)
    except ValueError:
        return None
    with resources.engine.connect() as connection:
        return dead_letters.one(connection, dead_id)


def listed(resources: Resources, state: str, fault: str, size: int) -> list[DeadLetter]:
    """Letters in order of arrival; '' means any."""
    with resources.engine.connect() as connection:
        return reopening.letters(connection, state, fault, size)


def body_of(resources: Resources, letter: DeadLetter) -> bytes | None:
    """The bytes as they came; None once they are erased."""
    with resources.engine.connect() as connection:
        return dead_letters.body_of(connection, resources.ring, letter.dead_id)


def close(resources: Resources, letter: DeadLetter, note: str) -> None:
    """A person has dealt with it: nothing is put in."""
    locks.in_transaction(
        resources.engine,
        lambda connection: reopening.settle(connection, letter.dead_id, CLOSED, note),
    )


def retry(resources: Resources, letters: Iterable[DeadLetter]) -> list[Retried]:
    """Put each letter's bytes through the door's own use-case again, one at a time."""
    return [_retry(resources, letter) for letter in letters]


def _retry(resources: Resources, letter: DeadLetter) -> Retried:
    body = body_of(resources, letter)
    if body is None:
        return Retried(letter, False, "its body was erased: close it")
    began = resources.clock.now()
    says = _put_in(resources, letter, body)
    if says:
        with resources.engine.begin() as connection:
            reopening.settle(connection, letter.dead_id, RETRIED)
        return Retried(letter, True, says)
    with resources.engine.begin() as connection:
        for newer in reopening.refused_since(connection, letter, began, month_of(began)):
            if dead_letters.body_of(connection, resources.ring, newer.dead_id) == body:
                reopening.replace_by(connection, letter, newer)
                return Retried(letter, False, newer.reason)
    return Retried(letter, False, letter.reason)


def _put_in(resources: Resources, letter: DeadLetter, body: bytes) -> str:
    """What went in, in words; "" if it was refused again."""
    entry = f"dead letter {letter.dead_id}"
    if letter.origin == Origin.RECEIPTS:
        applied = receipts.apply(resources, [Callback(entry, letter.source, body)])
        if applied.dead:
            return ""
        return f"{applied.receipts} receipts, {applied.changed} of them news"
    taken = intake.ingest(resources, [Incoming(entry, body, time.time())])
    if taken.new:
        return "taken in"
    return "known already: nothing changed" if taken.duplicates else ""


def readable(body: bytes, *, reveal: bool) -> str:
    """A refused body as text for a terminal: one that cannot be read as JSON as it came.

    Without `reveal`, names, addresses and numbers are masked. Control characters are escaped.
    """
    try:
        value = json.loads(body)
        shown = json.dumps(value if reveal else _masked(value), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = body.decode("utf-8", "backslashreplace")
        shown = shown if reveal else _masked_text(shown)
    return "".join(each if each == "\n" or each.isprintable() else _escaped(each) for each in shown)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _masked(value: Any, *, personal: bool = False) -> Any:  # Any: JSON
    match value:
        case dict():
            return {key: _masked(each, personal=key in _PERSONAL) for key, each in value.items()}
        case list():
            return [_masked(each, personal=personal) for each in value]
        case str() if personal:
            return _hidden(value)
        case str():
            return _masked_text(value)
        case _:
            return value


def _hidden(personal: str) -> str:
    return mask(personal) if "@" in personal or personal.startswith("+") else "****"


def _masked_text(shown: str) -> str:
    shown = _FIELD.sub(lambda found: found[1] + _hidden(found[2]), shown)
    shown = _EMAIL.sub(lambda found: mask(found[0]), shown)
    return _PHONE.sub(lambda found: mask(found[0]), shown)
