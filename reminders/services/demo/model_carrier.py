"""A carrier in a few lines: the sandbox's scripts without sockets, for recorded runs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO

from channels.sandbox.scripts import ALWAYS, Script, script_of_address, script_of_number
from reminders.domain.outcome import (
    Accepted,
    AttemptState,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
)

_ARRIVES_AFTER = timedelta(seconds=5)
_STATES = {
    "DELIVRD": AttemptState.DELIVERED,
    "UNDELIV": AttemptState.UNDELIVERED,
    "bounced": AttemptState.UNDELIVERED,
    "opened": AttemptState.READ,
}
_FOR_GOOD = ("unknown_subscriber", "550")


@dataclass(frozen=True, slots=True)
class Message:
    """One call: `began` is unix time, `at` business time."""

    reference: str
    to: str
    text: str
    at: datetime
    began: float


@dataclass(slots=True)
class ModelCarrier:
    """Writes the log that the sandbox would write, and says what the sandbox would say."""

    log: IO[str]
    channel: str
    tries: dict[str, int] = field(default_factory=dict)

    def send(self, message: Message) -> tuple[Outcome, list[tuple[datetime, AttemptState]]]:
        """The answer, and what receipts will say at which business instants."""
        script = self._script(message.to)
        self._write("request", message, 0.0, text=message.text, script=script.name)
        if self._refuses(script, message.to):
            code = script.refusal[:3] if script.refusal[:3].isdigit() else "400"
            self._write("answer", message, 0.01, status=code, error=script.refusal)
            if script.refusal.startswith(_FOR_GOOD):
                return Permanent(script.refusal, dead_contact=True), []
            return Transient(script.refusal), []
        if script.answers:
            self._write("answer", message, 0.01, status="202", error="")
        if script.reaches:
            self._write("reached", message, 0.02, after=_ARRIVES_AFTER, text=message.text)
        receipts = [
            (message.at + _ARRIVES_AFTER + said.posted_after, _STATES[said.status])
            for said in script.receipts
            if said.status in _STATES and script.takes
        ]
        answer: Outcome = Accepted(message.reference) if script.answers else Uncertain("time-out")
        return answer, receipts

    def _script(self, to: str) -> Script:
        return script_of_number(to) if self.channel == "sms" else script_of_address(to)

    def _refuses(self, script: Script, to: str) -> bool:
        if script.refuses == ALWAYS:
            return True
        tries = self.tries[to] = self.tries.get(to, 0) + 1
        return tries <= script.refuses

    def _write(
        self,
        kind: str,
        message: Message,
        later_s: float,
        after: timedelta = timedelta(0),
        **more: str,
    ) -> None:
        line = {
            "kind": kind,
            "at": (message.at + after).isoformat(),
            "machine": message.began + later_s,
            "began": message.began,
            "reference": message.reference,
            "key": message.reference,
            "to": message.to,
            **more,
        }
        self.log.write(json.dumps(line, ensure_ascii=False) + "\n")
