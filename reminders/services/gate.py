"""The gate: one short transaction that looks at every fact again and commits what may be sent.

Whatever was fenced before this commit wins: a payment, an opt-out, a hold, a new address. What
caps leave is read under the same locks and folded from message to message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import structlog
from sqlalchemy import Connection

from channels.contract import WhenUncertain
from channels.fleet import Budget
from reminders.domain.case import EVERY_CHANNEL
from reminders.domain.customer import ChannelName
from reminders.domain.decision import Decision, Defer, Reason, Send
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Policy
from reminders.domain.reminder import ReminderState
from reminders.domain.send_time import LEARNED_FROM, best_time
from reminders.domain.tier import Tier
from reminders.ledger import (
    attempts,
    contact_points,
    devices,
    engagement,
    facts,
    incidents,
    locks,
    reminders,
)
from reminders.ledger.attempts import Change, KeptAttempt
from reminders.ledger.facts import Facts
from reminders.ledger.reminders import Kept, Move
from reminders.services import used_up
from reminders.services.digests import carried, finish
from reminders.services.evaluate import UNDECIDABLE
from reminders.services.gate_work import GateWork, Inquiry, Passed, Past, move_of
from reminders.services.handing_over import Judged, send_again
from reminders.services.incidents import BREAKER, declared
from reminders.services.judging import judge
from reminders.services.refusals import ask_a_person, carry_out, lead_on, of_another_lane
from reminders.services.resources import Resources, missing
from reminders.services.snapshot import Snapshot, decide_on, repeats_on
from reminders.services.takers import without_token

log = structlog.get_logger(__name__)
PUT_OFF = timedelta(minutes=10)  # until a reminder that could not be decided on is looked at again
LED_AGAIN = timedelta(minutes=1)  # until one is looked at again whose message is on its way


def gate(resources: Resources, claimed: Sequence[Kept], budget: Budget | None = None) -> Passed:
    """Decide on claimed reminders in one transaction; what it returns is committed.

    `budget` says how many messages each provider of the lane takes now; None: any number.
    """
    return locks.in_transaction(
        resources.engine,
        # A copy for each try: a transaction that is done again spends anew.
        lambda connection: _gate(resources, connection, claimed, _copy(budget)),
    )


def _copy(budget: Budget | None) -> Budget | None:
    return None if budget is None else replace(budget, left=dict(budget.left))


def _gate(
    resources: Resources, connection: Connection, claimed: Sequence[Kept], budget: Budget | None
) -> Passed:
    now = resources.clock.now()
    free = locks.lock_free(connection, {each.reminder.customer_id for each in claimed})
    ours = [each for each in claimed if each.reminder.customer_id in free]
    held = _with_digests(resources, connection, reminders.still_held(connection, ours), now)
    known: Mapping[int, Facts] = facts.load(connection, free, resources.since(now))
    known = _with_best_times(resources, connection, held, known, now)
    history = attempts.of_reminders(connection, [each.key for each in held])
    outside = {customer: each.contacts for customer, each in known.items()}
    used = used_up.read(connection, free, outside, _keys(resources, held, known), now)
    addresses = contact_points.addresses_and_names(connection, free)
    opened = incidents.open_now(connection)
    down = resources.fleet.down()
    # What the breaker declared down is as it stands now: the incident ends only once it is back.
    bound = [each for each in opened if each.opened_by != BREAKER or each.channel in down]
    work = GateWork(
        resources, now, used, addresses, budget, missing(resources) | down | declared(bound)
    )
    work.failing = down
    work.probed = resources.fleet.probed() | ({budget.probed} - {""} if budget else set())
    work.incidents = {each.channel: each.number for each in opened}
    if ChannelName.PUSH in resources.fleet.by_channel:
        work.dead_devices = devices.dead_of(connection, free)
    work.claimed = {each.reminder.reminder_id: each.lane for each in claimed}
    work.under_way = attempts.under_way(connection, _leaders(history))
    work.passed.busy = [each for each in claimed if each.reminder.customer_id not in free]
    for each in held:
        past = history.get(each.reminder.reminder_id, [])
        try:
            _one(work, each, known[each.reminder.customer_id], past)
        except UNDECIDABLE:  # whatever is wrong with it, the others of its lane must go through
            log.exception("reminder put off", reminder=str(each.reminder.reminder_id))
            work.moves.append(Move(each, each.state, each.reason, now + PUT_OFF, each.lane))
    finish(work)
    work.write(connection)
    work.passed.decided = len(held)
    return work.passed


def _with_digests(
    resources: Resources, connection: Connection, held: Sequence[Kept], now: datetime
) -> list[Kept]:
    """These and, where bills due together share one message, whatever else is due with them."""
    customers = {
        each.reminder.customer_id for each in held if resources.book.get(each.policy).digest
    }
    if not customers:
        return list(held)
    gathered = reminders.gather(connection, customers, now, resources.limits.lease)
    every = {each.reminder.reminder_id: each for each in (*held, *gathered)}
    return list(every.values())


def _with_best_times(
    resources: Resources,
    connection: Connection,
    held: Sequence[Kept],
    known: Mapping[int, Facts],
    now: datetime,
) -> Mapping[int, Facts]:
    """The customers with the hour that their own acts show, where a policy asks for it."""
    asked = {
        each.reminder.customer_id
        for each in held
        if resources.book.get(each.policy).send_time is not None
    }
    if not asked:
        return known
    acts = engagement.since(connection, asked, now - LEARNED_FROM)
    found = dict(known)
    for customer in asked:
        facts_of = known[customer]
        paid = [("paid", payment.paid_at) for payment in facts_of.payments]
        zone = facts_of.customer.time_zone
        best = best_time([*acts.get(customer, ()), *paid], zone, now) if zone else None
        found[customer] = replace(facts_of, customer=replace(facts_of.customer, best_time=best))
    return found


def _keys(resources: Resources, held: Sequence[Kept], known: Mapping[int, Facts]) -> set[bytes]:
    """The counters that these reminders' messages may share with those of other customers."""
    keys: set[bytes] = set()
    for each in held:
        customer = known[each.reminder.customer_id].customer
        keys |= used_up.every_key(resources.book.get(each.policy), customer)
    return keys


def _one(work: GateWork, kept: Kept, known: Facts, past: Past) -> None:
    last = past[-1] if past else None
    if last is not None and last.attempt.state is AttemptState.SUBMITTED:
        if _on_its_way(work, last):
            work.moves.append(Move(kept, kept.state, "", work.now + LED_AGAIN, kept.lane))
            return
        last = _lost(work, last)
        past = [*past[:-1], last]
    policy = work.resources.book.get(kept.policy)
    case = Judged(kept, known, known.bills.get(kept.reminder.bill_id), policy, past)
    seen = _snapshot(work, case)
    if carried(work, case, seen):
        return
    decision = decide_on(seen, policy)
    if last is not None and _resolved(work, case, last, decision, seen):
        return
    if isinstance(decision, Send) and (
        _left_to_its_token(work, kept, decision, seen) or without_token(work, case, decision)
    ):
        return
    decision, seen = carry_out(work, case, decision, seen)
    work.keep_effects(kept, decision)
    if isinstance(decision, Send) and of_another_lane(kept, decision):
        lead_on(work, kept, decision, seen)
        return
    work.keep_decision(kept, decision, seen)
    if not isinstance(decision, Send):
        work.moves.append(move_of(kept, decision, work.now))
        ask_a_person(work, kept, decision, seen)


def _left_to_its_token(work: GateWork, kept: Kept, decision: Send, seen: Snapshot) -> bool:
    """True for what was gathered and has no token: it comes next, or is left to its own lane."""
    channel = decision.rung.channel
    if not work.untokened(kept, channel):
        return False
    if channel == kept.lane and channel in work.claimed.values():
        work.passed.gathered.append(kept)
    else:
        lead_on(work, kept, decision, seen)
    return True


def _leaders(history: Mapping[UUID, Past]) -> set[UUID]:
    """The attempts whose messages carry reminders of these and are not known to have left."""
    lasts = [past[-1] for past in history.values()]
    return {
        each.leader_id
        for each in lasts
        if each.leader_id is not None and each.attempt.state is AttemptState.SUBMITTED
    }


def _on_its_way(work: GateWork, last: KeptAttempt) -> bool:
    """True if the message that carries it is being sent: its own reminder asks what became of it.

    That one's bill may have ended meanwhile, and its sender be lost. Nobody else asks then.
    """
    if last.leader_id is None:
        return False
    return last.leader_id in work.under_way or work.now < last.attempt.confirm_by


def _snapshot(work: GateWork, case: Judged) -> Snapshot:
    customer, policy, down = case.known.customer, case.policy, work.down_for(case.kept, case.past)
    return Snapshot(
        now=work.now,
        reminder=case.kept.reminder,
        bill=case.bill,
        customer=customer,
        policy=policy.label,
        tier=_tier(work, case.known, policy),
        history=tuple(each.attempt for each in case.past),
        usage=work.used_up.of(customer, used_up.every_key(policy, customer)),
        down={name: down[name] for name in _rungs(policy) if name in down},
    )


@lru_cache(maxsize=64)
def _rungs(policy: Policy) -> frozenset[str]:
    """The channels that a policy uses; `*` stands for all."""
    every = {rung.channel for ladder in policy.ladders.values() for rung in ladder}
    return frozenset({*every, EVERY_CHANNEL})


def _lost(work: GateWork, last: KeptAttempt) -> KeptAttempt:
    """An attempt whose worker died between gate and record: was the call made? Nobody knows.

    The wait counts from now, as if the call had just timed out: however long nobody worked, the
    provider is asked before the next channel is used. What another message carries has no state
    of its own: it is that message which was lost, once for all that it carries.
    """
    last = last.moved(AttemptState.UNCERTAIN, "the sender was lost before its answer")
    held = last.attempt
    waits_until = work.now + (held.confirm_by - held.submitted_at)
    last = replace(last, attempt=replace(held, confirm_by=waits_until))
    called = last.leader_id or held.attempt_id
    if all(change.kept.attempt.attempt_id != called for change in work.changes):
        work.changes.append(Change(replace(last, attempt=replace(last.attempt, attempt_id=called))))
    return last


def _tier(work: GateWork, known: Facts, policy: Policy) -> Tier:
    """The tier by this policy's own points card, judged once per gate."""
    judged = known.customer.customer_id, policy.label
    if judged not in work.tiers:
        work.tiers[judged] = judge(known, policy, work.now).tier
    return work.tiers[judged]


def _resolved(
    work: GateWork, case: Judged, last: KeptAttempt, decision: Decision, seen: Snapshot
) -> bool:
    """True if a missing answer is being settled: sent again under its key, or asked for."""
    if _to_resolve(work, last, decision, WhenUncertain.RESEND):
        # What a digest said is not said again by one of its bills under the same key.
        again = not case.policy.digest and repeats_on(seen, case.policy)
        return again and send_again(work, case, last)
    if not _to_resolve(work, last, decision, WhenUncertain.ASK):
        return False
    kept = case.kept
    work.passed.inquiries.append(Inquiry(kept, last))
    state = ReminderState.CONTACTING
    work.moves.append(Move(kept, state, "", work.now, kept.lane, keep_lease=True))
    return True


def _to_resolve(work: GateWork, last: KeptAttempt, decision: Decision, how: WhenUncertain) -> bool:
    """True if an answer is missing, its provider settles that like this, and nothing has
    overtaken it."""
    if last.attempt.state is not AttemptState.UNCERTAIN or last.leader_id is not None:
        return False
    if not (isinstance(decision, Defer) and decision.reason is Reason.WAITING):
        return False
    provider = work.resources.fleet.by_name.get(last.attempt.provider)
    return provider is not None and provider.capabilities.when_uncertain is how
