"""What becomes of a reminder whose words are refused: the next channel, and in the end a person.

Words are refused that a pack forbids, that lack what one requires, that cannot be written, or
that are too long for every provider of their channel. A channel is asked anew each time: nothing is
kept of it but that the reminder was led on for this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from reminders.domain.case import REFUSED
from reminders.domain.customer import WRITTEN
from reminders.domain.decision import Decision, Defer, Reason, Send
from reminders.domain.human_task import TaskKind
from reminders.ledger import tasks
from reminders.ledger.reminders import Kept, Move
from reminders.services.gate_work import GateWork
from reminders.services.handing_over import Judged, refusal, send
from reminders.services.snapshot import Snapshot, decide_on
from reminders.services.takers import closed
from reminders.services.wording import channel_words

log = structlog.get_logger(__name__)
LOOKED_AT_WITHIN = timedelta(days=1)  # by a person; sooner where the stage ends sooner


def carry_out(
    work: GateWork, case: Judged, decision: Decision, seen: Snapshot
) -> tuple[Decision, Snapshot]:
    """Send by the first channel that takes this very message and whose words pass; what was decided
    in the end, and on what.

    What goes by another lane is left to it. Had it come from there for its words, it would be
    handed to and fro: so they are written here once more, to see whether they pass by now. So is
    whether its providers take it.
    """
    while isinstance(decision, Send) and case.bill is not None:
        channel = decision.rung.channel
        why = closed(work, case, case.bill, channel)
        if not why and not of_another_lane(case.kept, decision):
            done = send(work, case, case.bill, decision, seen)
            if isinstance(done, Send):
                return done, seen
            why = f"{REFUSED}{done}"
            log.warning("message refused", bill=case.bill.bill_id, channel=channel, why=done)
        elif not why:
            came_for_its_words = case.kept.reason == Reason.CONTENT
            refused = refusal(work, case, case.bill, channel) if came_for_its_words else ""
            if not refused:
                return decision, seen
            why = f"{REFUSED}{refused}"
        seen = replace(seen, down={**seen.down, channel: why})
        decision = decide_on(seen, case.policy)
    return decision, seen


def of_another_lane(kept: Kept, decision: Send) -> bool:
    """Each channel has a lane, pacing and calls of its own: a slow one holds up no other."""
    channel = decision.rung.channel
    return channel != kept.lane and channel not in WRITTEN


def lead_on(work: GateWork, kept: Kept, decision: Send, seen: Snapshot) -> None:
    """Over to the lane of its channel, with a note of why where that is for its words."""
    channel = decision.rung.channel
    reason = Reason.CONTENT if _refused(seen) else ""
    work.moves.append(Move(kept, kept.state, reason, work.now, channel))
    work.passed.lanes.add(channel)


def ask_a_person(work: GateWork, kept: Kept, decision: Decision, seen: Snapshot) -> None:
    """A reminder that ends with words that were refused is a task, once per bill and stage."""
    refused = _refused(seen)
    if not refused or isinstance(decision, Send | Defer):
        return
    reminder = kept.reminder
    log.error("customer not told: words refused", bill=reminder.bill_id, stage=reminder.stage)
    due_at = work.now + LOOKED_AT_WITHIN
    if work.now < reminder.expires_at < due_at:
        due_at = reminder.expires_at
    kind, key = TaskKind.MESSAGE_REFUSED, (reminder.customer_id, reminder.month)
    task_id = tasks.id_of(kind, *key, f"{reminder.bill_id} {reminder.stage}")
    bill_id, reminder_id = reminder.bill_id, reminder.reminder_id
    work.tasks.append(tasks.rows_for(*key, task_id, kind, bill_id, reminder_id, due_at, work.now))
    sealed = work.resources.ring.seal(json.dumps({"text": _words(reminder.stage, refused)}))
    work.secrets.append((*key, task_id, sealed.key_id, sealed.ciphertext))


def _refused(seen: Snapshot) -> dict[str, str]:
    """The channels whose words were refused, and why."""
    return {
        channel: why.removeprefix(REFUSED)
        for channel, why in seen.down.items()
        if why.startswith(REFUSED)
    }


def _words(stage: str, refused: Mapping[str, str]) -> str:
    """Rules and phrases alone: neither name nor address of the customer."""
    lines = [f"{channel_words(channel)}: {why}" for channel, why in refused.items()]
    return "\n".join((f"Not sent at stage {stage}: the words were refused.", *lines))
