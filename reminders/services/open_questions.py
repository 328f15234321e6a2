"""Attempts whose answer is missing, with what happens next; messages that arrived too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.contract import WhenUncertain
from reminders.ledger import open_questions
from reminders.ledger.open_questions import MOST, DoubleContact, UncertainAttempt
from reminders.services.resources import Resources

DOUBLES_WITHIN = timedelta(days=30)  # that people look at; older ones are in their timelines

_HOW = {
    WhenUncertain.ASK: "{} is asked",
    WhenUncertain.RESEND: "{} gets it again under its key",
    WhenUncertain.WAIT: "waits for a receipt of {}",
}


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """An uncertain attempt, and what happens with it if nobody does anything."""

    attempt: UncertainAttempt
    next: str


def uncertain(resources: Resources, most: int = MOST) -> list[OpenQuestion]:
    """Every open uncertain attempt, the oldest first."""
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        found = open_questions.uncertain(connection, now, most)
    return [OpenQuestion(each, _next(resources, each, now)) for each in found]


def doubles(resources: Resources, most: int = MOST) -> Sequence[DoubleContact]:
    """The last month's double contacts, the newest first."""
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        return open_questions.doubles(connection, now, DOUBLES_WITHIN, most)


def _next(resources: Resources, attempt: UncertainAttempt, now: datetime) -> str:
    until = f"{attempt.confirm_by:%Y-%m-%d %H:%M} UTC"
    if attempt.overtaken:
        return "the next channel was used; a receipt may still come"
    if now >= attempt.confirm_by:
        return "the next channel is due"
    provider = resources.fleet.by_name.get(attempt.provider)
    how = provider.capabilities.when_uncertain if provider is not None else WhenUncertain.WAIT
    if how is WhenUncertain.ASK:
        return f"{attempt.provider} is asked until {until}, then the next channel"
    if how is WhenUncertain.RESEND:
        return (
            f"{attempt.provider} gets it again under its key until {until}, then the next channel"
        )
    return f"waits for a receipt until {until}, then the next channel"
