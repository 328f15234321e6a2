"""What stood in a message's way, lifted alone: the same inputs and policy but for that one rule.

Pure: nothing is said here about what would follow, which is for `decide` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType

from reminders.domain.calendar import local_day
from reminders.domain.case import REFUSED
from reminders.domain.compliance import Cap
from reminders.domain.customer import EVERY_KIND, ContactHealth, ContactPoint, Preference
from reminders.domain.decision import Check, Decision, Reason, Satisfy, Send
from reminders.domain.kinds import MessageKind, kind_on
from reminders.domain.policy import Policy, QuietHours
from reminders.domain.rules import PER_BILL, PER_DAY
from reminders.domain.tier import Tier
from reminders.services.snapshot import Snapshot, decide_on

_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Lifted:
    """A decision's inputs with one thing changed: `rule` (an id) about `subject` ("" or one)."""

    rule: str
    subject: str
    snapshot: Snapshot
    policy: Policy
    cap: Cap | None = None  # of a pack, as it was


Lift = Callable[[Snapshot, Policy, Decision], Lifted | None]


def lift(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """The inputs of `decision` without what decided it; None where it let the message go, or where
    nothing can be thought away."""
    if isinstance(decision, Send | Satisfy):
        return None
    by = _LIFTS.get(decision.reason)
    return by(snapshot, policy, decision) if by else None


def _barred(decision: Decision, *names: str) -> Check:
    """The check that barred the first of the rungs that such checks barred."""
    for check in decision.checks:
        if not check.passed and check.rule.partition(".")[0] in names:
            return check
    return Check("", "", False)


def _channel(check: Check) -> str:
    return check.rule.partition(".")[2]


def _hours(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted:
    """Every hour of every day allowed, by policy and packs alike."""
    packs = {name: replace(pack, hours={}) for name, pack in policy.packs.items()}
    always = QuietHours(policy.quiet.start, policy.quiet.start)
    reminder = replace(snapshot.reminder, flag="")
    opened = replace(policy, quiet=always, packs=packs)
    return Lifted("hours", "", replace(snapshot, reminder=reminder), opened)


def _cap(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """Without the cap that barred the ladder's first open channel."""
    cap_id = _barred(decision, "caps").saw.partition(": ")[0]
    if not cap_id:
        return None
    if cap_id in (PER_DAY, PER_BILL):
        part = {cap_id.rpartition(".")[2]: None}
        limits = replace(policy.limits, **part)
        return Lifted("caps", cap_id, snapshot, replace(policy, limits=limits))
    known = (cap for pack in policy.packs.values() for cap in pack.caps if cap.cap_id == cap_id)
    packs = {
        name: replace(pack, caps=tuple(cap for cap in pack.caps if cap.cap_id != cap_id))
        for name, pack in policy.packs.items()
    }
    return Lifted("caps", cap_id, snapshot, replace(policy, packs=packs), next(known, None))


def _hold(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    customer, bill = snapshot.customer, snapshot.reminder.bill_id
    held = customer.hold_on(bill, snapshot.now)
    if held is None:
        return None
    holds = tuple(hold for hold in customer.holds if hold != held)
    return Lifted("holds", held.kind, _with(snapshot, holds=holds), policy)


def _opt_out(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """Without the customer's no to the ladder's first channel, for this kind of message."""
    channel = _channel(_barred(decision, "opt-out"))
    kinds = (EVERY_KIND, _kind(snapshot))
    kept = tuple(
        said
        for said in snapshot.customer.preferences
        if said.allowed or said.channel != channel or said.kind not in kinds
    )
    return Lifted("opt-out", channel, _with(snapshot, preferences=kept), policy)


def _consent(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    channel = _channel(_barred(decision, "consent"))
    given = (*snapshot.customer.preferences, Preference(channel, EVERY_KIND, True))
    return Lifted("consent", channel, _with(snapshot, preferences=given), policy)


def _contact(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """With a working address, lately confirmed, where the ladder first found none."""
    barred = _barred(decision, "contact", "fresh")
    channel = _channel(barred)
    if not channel:
        return None
    held = snapshot.customer.contacts.get(channel, ContactPoint(channel, "", ContactHealth.VALID))
    alive = replace(held, health=ContactHealth.VALID, confirmed_at=snapshot.now)
    contacts = {**snapshot.customer.contacts, channel: alive}
    rule = barred.rule.partition(".")[0]
    return Lifted(rule, channel, _with(snapshot, contacts=contacts), policy)


def _tier(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """The least tier at which it is sent; where it is at none, the least that the stage is for."""
    stage = policy.stage(snapshot.reminder.stage)
    if stage is None:
        return None
    others = [replace(snapshot, tier=tier) for tier in Tier if tier in stage.tiers]
    if not others:
        return None
    sent = (each for each in others if isinstance(decide_on(each, policy), Send))
    chosen = next(sent, others[0])
    return Lifted("tier", chosen.tier, chosen, policy)


def _chosen(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted:
    days = ", ".join(str(day) for day in sorted(snapshot.customer.offsets))
    return Lifted("chosen", days, _with(snapshot, offsets=frozenset()), policy)


def _condition(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    name = snapshot.reminder.stage
    found = policy.stage(name)
    if found is None:
        return None
    stages = tuple(
        replace(stage, when="") if stage.name == name else stage for stage in policy.stages
    )
    return Lifted("condition", found.when, snapshot, replace(policy, stages=stages))


def _holdout(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """The groups stay as they are: conditions may ask of them."""
    experiment = policy.experiment
    if experiment is None:
        return None
    spared = replace(experiment, exclude=experiment.exclude | {_kind(snapshot)})
    return Lifted("experiment", experiment.name, snapshot, replace(policy, experiment=spared))


def _payments(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    if snapshot.bill is None or not snapshot.bill.payments:
        return None
    unpaid = replace(snapshot, bill=replace(snapshot.bill, payments=()))
    return Lifted("payments", "", unpaid, policy)


def _cancelled(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    if snapshot.bill is None:
        return None
    bill = replace(snapshot.bill, cancelled=False)
    return Lifted("cancellation", "", replace(snapshot, bill=bill), policy)


def _superseded(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    if snapshot.bill is None:
        return None
    newer = snapshot.bill.superseded_by or ""
    bill = replace(snapshot.bill, superseded_by=None)
    return Lifted("newer", newer, replace(snapshot, bill=bill), policy)


def _replanned(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    if snapshot.bill is None:
        return None
    reminder = replace(snapshot.reminder, epoch=snapshot.bill.epoch)
    return Lifted("epoch", "", replace(snapshot, reminder=reminder), policy)


def _past(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted:
    reminder = replace(snapshot.reminder, expires_at=snapshot.now + _MOMENT)
    return Lifted("newest", "", replace(snapshot, reminder=reminder), policy)


def _early(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted:
    reminder = replace(snapshot.reminder, due_at=snapshot.now)
    return Lifted("due", "", replace(snapshot, reminder=reminder), policy)


def _waiting(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """As if the wait were over without an answer, or the retry due."""
    if not snapshot.history:
        return None
    last = snapshot.history[-1]
    retry_at = None if last.retry_at is None else snapshot.now
    over = replace(last, confirm_by=snapshot.now, retry_at=retry_at)
    return Lifted("waiting", "", replace(snapshot, history=(*snapshot.history[:-1], over)), policy)


def _spent(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted | None:
    """As if none of its channels had been used yet."""
    if not snapshot.history:
        return None
    return Lifted("ladder", "", replace(snapshot, history=()), policy)


def _content(snapshot: Snapshot, policy: Policy, decision: Decision) -> Lifted:
    """The brain knows nothing of texts: it said to send, before it was told that they fail."""
    down = {each: why for each, why in snapshot.down.items() if not why.startswith(REFUSED)}
    return Lifted("template", "", replace(snapshot, down=down), policy)


def _kind(snapshot: Snapshot) -> MessageKind:
    """The kind of the text as `decide` judged it: what waited may have become due."""
    if snapshot.bill is None:
        return snapshot.reminder.kind
    today = local_day(snapshot.now, snapshot.customer.time_zone or "UTC")
    return kind_on(snapshot.reminder.kind, snapshot.bill.terms.due_on, today)


def _with(snapshot: Snapshot, **changed: object) -> Snapshot:
    customer = replace(snapshot.customer, **changed)  # type: ignore[arg-type]  # its own fields
    return replace(snapshot, customer=customer)


_LIFTS: Mapping[Reason, Lift] = MappingProxyType(
    {
        Reason.QUIET_HOURS: _hours,
        Reason.NO_LEGAL_HOUR: _hours,
        Reason.CAP: _cap,
        Reason.HOLD: _hold,
        Reason.OPTED_OUT: _opt_out,
        Reason.NO_CONSENT: _consent,
        Reason.NO_CONTACT: _contact,
        Reason.NOT_FOR_TIER: _tier,
        Reason.NOT_CHOSEN: _chosen,
        Reason.CONDITION: _condition,
        Reason.HOLDOUT: _holdout,
        Reason.SETTLED: _payments,
        Reason.MINIMUM_MET: _payments,
        Reason.BILL_CANCELLED: _cancelled,
        Reason.SUPERSEDED: _superseded,
        Reason.REPLANNED: _replanned,
        Reason.STAGE_PAST: _past,
        Reason.NOT_YET_DUE: _early,
        Reason.WAITING: _waiting,
        Reason.LADDER_SPENT: _spent,
        Reason.CONTENT: _content,
    }
)
