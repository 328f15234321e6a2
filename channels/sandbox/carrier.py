"""What both simulated carriers share: taking a message, and what follows in business time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.sandbox.agenda import Agenda
from channels.sandbox.journal import Journal
from channels.sandbox.postman import Letter, Postman
from channels.sandbox.scripts import Draws, Refusals, Said, Script


@dataclass(frozen=True, slots=True)
class Handover:
    """One message as a client handed it over; `began` is the unix time of its first byte."""

    reference: str
    key: str
    to: str
    text: str
    script: Script
    began: float
    subject: str = ""
    receipts_to: str = ""  # the address that this message names for its receipts


class Carrier:
    """Logs what was asked and what was answered; lets messages arrive and receipts follow."""

    def __init__(self, agenda: Agenda, draws: Draws, journal: Journal, postman: Postman) -> None:
        self.agenda = agenda
        self.draws = draws
        self.journal = journal
        self.postman = postman
        self.refusals = Refusals(draws)
        self.in_flight = 0
        self.statuses: dict[str, str] = {}

    def requested(self, message: Handover) -> None:
        fields: dict[str, str | float] = {
            "began": message.began,
            "reference": message.reference,
            "key": message.key,
            "to": message.to,
            "text": message.text,
            "script": message.script.name,
        }
        if message.subject:
            fields["subject"] = message.subject
        self.journal.write("request", self.agenda.now(), time.time(), **fields)

    def answered(self, message: Handover, status: str, error: str = "", ref: str = "") -> None:
        self.journal.write(
            "answer",
            self.agenda.now(),
            time.time(),
            reference=message.reference,
            key=message.key,
            to=message.to,
            status=status,
            error=error,
            id=ref,
        )

    def take(self, message: Handover, ref: str, reached_at_once: bool = False) -> None:
        """Accept a message: what its script says will happen is now on the agenda."""
        script = message.script
        self.statuses[message.reference] = "ACCEPTD"
        delay = self.draws.delay(message.reference)
        if script.reaches and reached_at_once:
            self._reach(message, ref, self.agenda.now())
        elif script.reaches:
            self.agenda.schedule(delay, lambda at: self._reach(message, ref, at))
        for said in script.receipts:
            self._plan_receipt(message, ref, said, delay + said.posted_after)

    def _plan_receipt(self, message: Handover, ref: str, said: Said, after: timedelta) -> None:
        self.agenda.schedule(after, lambda at: self._post(message, ref, said, at))

    def _reach(self, message: Handover, ref: str, at: datetime) -> None:
        self.journal.write(
            "reached",
            at,
            time.time(),
            reference=message.reference,
            key=message.key,
            to=message.to,
            text=message.text,
            id=ref,
        )

    def _post(self, message: Handover, ref: str, said: Said, at: datetime) -> None:
        # A word that comes late does not undo what is known.
        if said.status != "ACCEPTD":
            self.statuses[message.reference] = said.status
        dated_at = at - said.posted_after - said.dated_before
        receipt = self.receipt(message, ref, said, dated_at)
        self.postman.post(Letter(receipt, self.posted(message, ref, said, at), message.receipts_to))

    def posted(self, message: Handover, ref: str, said: Said, at: datetime) -> Callable[[], None]:
        """Logs a receipt, once the lender has it."""

        def log() -> None:
            self.journal.write(
                "receipt",
                at,
                time.time(),
                reference=message.reference,
                to=message.to,
                status=said.status,
                error=said.error,
                id=ref,
            )

        return log

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        """The receipt as this carrier writes it."""
        return {
            "reference": message.reference,
            "id": ref,
            "status": said.status,
            "at": dated_at.isoformat(),
            "error": said.error,
        }
