"""Whose a statement is: no provider speaks of a message that another one carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import Connection

from reminders.ledger import confirmations
from reminders.ledger.attempts import KeptAttempt
from reminders.services.callbacks import Callback, Heard
from reminders.services.streams import IN_APP


@dataclass(slots=True)
class Attributed:
    """Statements of those who may make them, and for the rest a line that says why not."""

    known: list[Heard] = field(default_factory=list)
    wrong: dict[tuple[str, str, str], tuple[Callback, str]] = field(default_factory=dict)

    def refuse(self, heard: Heard, reason: str) -> None:
        """Once for each callback and reason."""
        key = (heard.callback.entry, heard.provider, reason)
        self.wrong.setdefault(key, (heard.callback, reason))


def attribute(
    connection: Connection,
    heard: Sequence[Heard],
    attempts: Mapping[UUID, KeptAttempt],
    now: datetime,
) -> Attributed:
    """Tell the statements that may be applied from those that may not.

    What comes by our own doors (`IN_APP`, an answer of the customer) may speak of any message. One
    about a confirmation says that it was taken, and nothing else.
    """
    found = Attributed()
    strange = [each for each in heard if each.attempt_id not in attempts]
    numbers = [cast(UUID, each.attempt_id) for each in strange]
    answers = confirmations.asked(connection, numbers) if numbers else {}
    for each in heard:
        number = cast(UUID, each.attempt_id)
        held = attempts.get(number)
        carrier = held.attempt.provider if held is not None else answers.get(number)
        if carrier is None:
            found.refuse(each, "it names an attempt we never made")
        elif each.provider != carrier and not each.own and each.provider != IN_APP:
            found.refuse(each, f"it names an attempt that {carrier} carries")
        elif held is None:
            confirmations.heard_of(connection, number, now)
        else:
            found.known.append(each)
    return found
