"""Bills of one customer that are due together share one message.

A digest has one message and an attempt per bill. The first bill's attempt leads: its call, its
receipts. The others are carried by it, and read their state from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from reminders.domain.bill import BillPosition
from reminders.domain.case import REFUSED
from reminders.domain.decision import Check, Reason, Send
from reminders.domain.reminder import Attempt, ReminderState
from reminders.ledger.reminders import Move
from reminders.messages.errors import TemplateError
from reminders.messages.facts import Rendered
from reminders.services.gate_work import GateWork
from reminders.services.handing_over import (
    Carried,
    Judged,
    Leader,
    attempt_of,
    hand_over,
    refusal,
    text_of,
)
from reminders.services.snapshot import Snapshot, decide_on

log = structlog.get_logger(__name__)


def carried(work: GateWork, case: Judged, seen: Snapshot) -> bool:
    """True if a message of this gate takes this bill along: it would go by the same channel."""
    leaders = work.leaders.get(case.digest, {}) if case.digest is not None else {}
    return any(_taken_along(work, case, seen, leader) for leader in leaders.values())


def _taken_along(work: GateWork, case: Judged, seen: Snapshot, leader: Leader) -> bool:
    if case.bill is None:
        return False
    # Judged as its leader was: the message that would carry it must not stand in its way.
    down = {**seen.down, **_closed_alike(seen, leader), **_refused_alike(case, leader)}
    seen = replace(seen, usage=leader.before.usage, down=down)
    decision = decide_on(seen, case.policy)
    if not isinstance(decision, Send) or decision.rung.channel != leader.attempt.attempt.channel:
        return False
    work.keep_effects(case.kept, decision)
    leader.carried.append((case, case.bill, decision, seen))
    return True


def _refused_alike(case: Judged, leader: Leader) -> dict[str, str]:
    """The channels that both were led on from for their words."""
    if case.kept.reason != Reason.CONTENT:
        return {}
    return {each: why for each, why in leader.before.down.items() if _is_of_words(why)}


def _closed_alike(seen: Snapshot, leader: Leader) -> dict[str, str]:
    """The channels that take nothing of their customer's messages, as the leader's has found."""
    down = leader.before.down.items()
    return {each: why for each, why in down if each not in seen.down and not _is_of_words(why)}


def _is_of_words(why: str) -> bool:
    return why.startswith(REFUSED)


def finish(work: GateWork) -> None:
    """Write the texts of messages that could carry further bills, with those that they carry."""
    for leader in (each for group in work.leaders.values() for each in group.values()):
        rendered, taken = _shared(work, leader)
        for each in leader.carried:
            if each in taken:
                _carry(work, leader.attempt.attempt, *each)
            else:
                kept = each[0].kept
                work.moves.append(Move(kept, kept.state, "", work.now, kept.lane))
        hand_over(work, leader, rendered)


def _shared(work: GateWork, leader: Leader) -> tuple[Rendered, Sequence[Carried]]:
    """The text, and the bills that it speaks of: all, else those whose own words pass, and of
    these as many as its provider carries."""
    channel, taken = leader.attempt.attempt.channel, leader.carried
    try:
        return _digest(work, leader, taken), taken
    except TemplateError as error:
        log.warning("digest not written", bill=leader.bill.bill_id, why=str(error))
    taken = [each for each in taken if not refusal(work, each[0], each[1], channel)]
    while taken:
        try:
            return _digest(work, leader, taken), taken
        except TemplateError:
            taken = taken[: len(taken) // 2]
    return _digest(work, leader, ()), ()


def _digest(work: GateWork, leader: Leader, taken: Sequence[Carried]) -> Rendered:
    attempt = leader.attempt.attempt
    others = tuple(bill for _, bill, _, _ in taken)
    rendered = text_of(work, leader.case, leader.bill, attempt.channel, others)
    length = len(rendered.text)
    # Its provider was chosen before anybody knew what it would carry.
    if taken and attempt.provider in work.resources.fleet.too_short(attempt.channel, length):
        raise TemplateError(f"too_long: {length:,} characters for {attempt.provider}")
    return rendered


def _carry(
    work: GateWork,
    leader: Attempt,
    case: Judged,
    bill: BillPosition,
    decision: Send,
    seen: Snapshot,
) -> None:
    attempt = attempt_of(work, case, decision, leader.provider)
    work.keep_attempt(attempt, decision, (), leader=leader.attempt_id)
    check = Check("digest", f"one message with others due {bill.terms.due_on}", True)
    told = Send(
        decision.rung, decision.cause, decision.amount, (*decision.checks, check), decision.contact
    )
    work.keep_decision(case.kept, told, seen)
    until, channel = attempt.attempt.confirm_by, attempt.attempt.channel
    work.moves.append(Move(case.kept, ReminderState.CONTACTING, "", until, channel))
