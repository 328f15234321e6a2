"""An explanation for the customer: what was sent or not and why, in polite words (PIPL 24, S5.14).

Kinds of facts are named, never points or the ids of rules. How to object stands at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reminders.domain.decision import Reason
from reminders.domain.errors import PolicyError
from reminders.domain.outcome import AttemptState
from reminders.domain.reminder import OPEN
from reminders.ledger.reminders import Kept
from reminders.messages.facts import clean
from reminders.services.bill_history import BillHistory
from reminders.services.customer_phrases import LANGUAGES, Fate, Phrases, phrases_of
from reminders.services.reply_story import answers, may_have_left
from reminders.services.wording import local

FATES: Mapping[str, Fate] = MappingProxyType(
    {
        Reason.SETTLED: Fate.PAID,
        Reason.MINIMUM_MET: Fate.PAID,
        Reason.BILL_CANCELLED: Fate.CHANGED,
        Reason.SUPERSEDED: Fate.CHANGED,
        Reason.REPLANNED: Fate.CHANGED,
        Reason.HOLD: Fate.PAUSED,
        Reason.OPTED_OUT: Fate.SETTINGS,
        Reason.NO_CONSENT: Fate.SETTINGS,
        Reason.NOT_CHOSEN: Fate.SETTINGS,
        Reason.NOT_FOR_TIER: Fate.NOT_NEEDED,
        Reason.CONDITION: Fate.NOT_NEEDED,
        Reason.HOLDOUT: Fate.BY_CHANCE,
        Reason.NO_CONTACT: Fate.UNREACHED,
        Reason.LADDER_SPENT: Fate.UNREACHED,
        Reason.QUIET_HOURS: Fate.HOURS,
        Reason.NO_LEGAL_HOUR: Fate.HOURS,
        Reason.CAP: Fate.ENOUGH,
        Reason.STAGE_PAST: Fate.OVER,
        Reason.CONTENT: Fate.OVER,
        Reason.PACING: Fate.AHEAD,
        Reason.SEND_TIME: Fate.AHEAD,
        Reason.CHANNEL_DOWN: Fate.OVER,
        Reason.NOT_YET_DUE: Fate.AHEAD,
        Reason.WAITING: Fate.AHEAD,
    }
)
_NEVER_LEFT = frozenset({AttemptState.FAILED, AttemptState.RELEASED, AttemptState.SUBMITTED})


@dataclass(frozen=True, slots=True)
class Letter:
    """What the customer may be read or sent."""

    language: str
    lines: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return {"language": self.language, "lines": list(self.lines)}


def letter(told: BillHistory, lender: str, stage: str = "", language: str = "") -> Letter:
    """The letter, in the customer's own language unless `language` names one of ours.

    Raises `PolicyError` for a stage or a language that there is not.
    """
    if language and language not in LANGUAGES:
        raise PolicyError(f"no words in {clean(language)}: choose one of {', '.join(LANGUAGES)}")
    words = phrases_of(language or told.known.customer.language)
    chosen = [kept for kept in told.kept if stage in ("", kept.reminder.stage)]
    if stage and not chosen:
        raise PolicyError(f"bill {told.bill_id} has no stage {stage}")
    body = [_line(told, kept, words) for kept in chosen] or [words.nothing]
    body += () if stage else _answers(told, words)
    end = words.person.format(lender=clean(lender))
    opening = words.opening.format(bill=clean(told.bill_id))
    return Letter(words.language, (opening, *body, words.facts, words.automated, end))


def _line(told: BillHistory, kept: Kept, words: Phrases) -> str:
    made = told.decisions.get(kept.reminder.reminder_id, ())
    sent = _sent_by(told, kept)
    fate = Fate.SENT if sent else fate_of(kept)
    at = made[-1].at if made and fate is not Fate.AHEAD else kept.reminder.due_at
    names = [words.channels.get(channel, channel) for channel in sent]
    shown = words.separator.join(dict.fromkeys(names))
    return words.fates[fate].format(when=local(at, told.zone), channels=shown)


def _answers(told: BillHistory, words: Phrases) -> list[str]:
    """What left in answer to a STOP, START or HELP."""
    return [
        words.replied.format(
            when=local(at, told.zone),
            channel=words.channels.get(each.channel, each.channel),
            word=each.meaning.upper(),
        )
        for each, at in answers(told)
        if may_have_left(each)
    ]


def fate_of(kept: Kept) -> Fate:
    """What became of a reminder of which nothing was sent."""
    if kept.reason in FATES:
        return FATES[kept.reason]
    return Fate.AHEAD if kept.state in OPEN else Fate.OVER


def _sent_by(told: BillHistory, kept: Kept) -> Sequence[str]:
    """The channels by which something left, in their order."""
    return [
        each.attempt.channel
        for each in told.attempts.get(kept.reminder.reminder_id, ())
        if each.attempt.state not in _NEVER_LEFT
    ]
