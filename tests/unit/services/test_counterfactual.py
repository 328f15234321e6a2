"""What would have happened but for one rule: for each reason, and never invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.bill import BillPosition
from reminders.domain.customer import ContactHealth, ContactPoint, Customer
from reminders.domain.decision import Reason, Satisfy, Send, Suppress, decision_reason
from reminders.domain.kinds import MessageClass, MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.planning import NO_LEGAL_HOUR, plan
from reminders.domain.policy import Experiment, Policy
from reminders.domain.reminder import Attempt, Reminder
from reminders.domain.tier import Tier
from reminders.domain.usage import Contact, Usage
from reminders.services.check_words import otherwise_words
from reminders.services.counterfactual import counterfactual
from reminders.services.snapshot import Snapshot, decide_on
from tests.unit.domain.facts import (
    at,
    attempt,
    bill,
    contacts,
    customer,
    default_policy,
    hold,
    payment,
    terms,
    version,
)

POLICY = default_policy()
STAGES = {each.stage: each for each in plan(bill(), customer(), POLICY)}
D3, D7 = STAGES["d-3"], STAGES["d-7"]
ZONE = "Asia/Taipei"
NIGHT = D3.due_at + timedelta(hours=12)  # 22:00 in Taipei
DEAD = ContactHealth.DEAD


def seen(
    now: datetime = D3.due_at,
    *,
    reminder: Reminder = D3,
    of: BillPosition | None = None,
    who: Customer | None = None,
    tier: Tier = Tier.R1,
    history: Sequence[Attempt] = (),
    used: Sequence[Contact] = (),
) -> Snapshot:
    return Snapshot(
        now=now,
        reminder=reminder,
        bill=bill() if of is None else of,
        customer=customer() if who is None else who,
        policy=POLICY.label,
        tier=tier,
        history=tuple(history),
        usage=Usage(tuple(used)),
    )


def sms(minutes: int) -> Contact:
    moment = D3.due_at - timedelta(minutes=minutes)
    return Contact(moment, "sms", MessageClass.SERVICE_NOTICE, "7", "X", "aa")


def stage(policy: Policy, **changed: object) -> Policy:
    """The policy with its stage d-3 changed."""
    stages = tuple(
        replace(each, **changed) if each.name == "d-3" else each  # type: ignore[arg-type]  # its own fields
        for each in policy.stages
    )
    return replace(policy, stages=stages)


TWICE = replace(POLICY, packs={}, pack_of={})  # the lender's own caps alone
ONLY_SMS = ContactPoint("sms", "****", ContactHealth.UNKNOWN)
PHONE = customer(points={"sms": ONLY_SMS})
STALE = replace(PHONE, jurisdiction="US")
CASES: list[tuple[Reason, Snapshot, Policy, str]] = [
    (
        Reason.QUIET_HOURS,
        seen(NIGHT),
        POLICY,
        "would have gone by SMS at 22:00 but for quiet hours",
    ),
    (
        Reason.NO_LEGAL_HOUR,
        seen(reminder=replace(D3, flag=NO_LEGAL_HOUR)),
        POLICY,
        "would have gone by SMS at 10:00 but for quiet hours",
    ),
    (
        Reason.CAP,
        seen(used=[sms(60), sms(30)], who=PHONE),
        TWICE,
        "would have gone by SMS at 10:00 but for the policy's cap per day",
    ),
    (
        Reason.CAP,
        seen(used=[sms(60), sms(30)], who=PHONE),
        replace(POLICY, limits=replace(POLICY.limits, per_day=None)),
        (
            "would have gone by SMS at 10:00 but for the cap house.text.day"
            " (at most 2 contacts on one day)"
        ),
    ),
    (
        Reason.HOLD,
        seen(who=customer(holds=[hold()])),
        POLICY,
        "would have gone by SMS at 10:00 but for the hold (dispute)",
    ),
    (
        Reason.OPTED_OUT,
        seen(who=customer(opted_out=("sms", "email", "in_app"))),
        POLICY,
        "would have gone by SMS at 10:00 but for the customer's no to SMS",
    ),
    (
        Reason.NO_CONTACT,
        seen(who=customer(points=contacts(sms=DEAD, email=DEAD, in_app=DEAD))),
        POLICY,
        "would have gone by SMS at 10:00 but for the SMS address that does not work or is missing",
    ),
    (
        Reason.NO_CONTACT,
        seen(who=STALE),
        POLICY,
        "would have gone by SMS at 10:00 but for the SMS address that was not confirmed lately",
    ),
    (
        Reason.NOT_FOR_TIER,
        seen(D7.due_at, reminder=D7),
        POLICY,
        "would have gone by SMS at 10:00 but for its tier (the least that it is for is R2)",
    ),
    (
        Reason.NOT_CHOSEN,
        seen(who=replace(customer(), offsets=frozenset({-1}))),
        POLICY,
        "would have gone by SMS at 10:00 but for the days that the customer chose (-1)",
    ),
    (
        Reason.CONDITION,
        seen(),
        stage(POLICY, when="balance < 1"),
        "would have gone by SMS at 10:00 but for the condition `balance < 1`",
    ),
    (
        Reason.HOLDOUT,
        seen(),
        replace(POLICY, experiment=Experiment("spring", holdout=1.0)),
        "would have gone by SMS at 10:00 but for the holdout of the experiment spring",
    ),
    (
        Reason.SETTLED,
        seen(of=bill(payments=[payment("P", 1000, at(1))])),
        POLICY,
        "would have gone by SMS at 10:00 but for the payments",
    ),
    (
        Reason.BILL_CANCELLED,
        seen(of=replace(bill(), cancelled=True)),
        POLICY,
        "would have gone by SMS at 10:00 but for the cancellation of the bill",
    ),
    (
        Reason.SUPERSEDED,
        seen(of=bill([version(1, terms()), version(1, terms(supersedes="B"), "C")])),
        POLICY,
        "would have gone by SMS at 10:00 but for the newer statement C",
    ),
    (
        Reason.REPLANNED,
        seen(of=bill([version(1, terms()), version(2, terms(2000))])),
        POLICY,
        "would have gone by SMS at 10:00 but for the plan that was made anew",
    ),
    (
        Reason.STAGE_PAST,
        seen(D3.expires_at),
        POLICY,
        "would have gone by SMS at 10:00 but for the end of its use",
    ),
    (
        Reason.NOT_YET_DUE,
        seen(D3.due_at - timedelta(minutes=5)),
        POLICY,
        "would have gone by SMS at 09:55 but for its time, which had not come",
    ),
    (
        Reason.WAITING,
        seen(history=[attempt(AttemptState.ACCEPTED, submitted_at=D3.due_at)]),
        POLICY,
        "would have gone by e-mail at 10:00 but for the wait for an answer",
    ),
    (
        Reason.LADDER_SPENT,
        seen(
            history=[
                attempt(AttemptState.UNDELIVERED, channel, number=number)
                for number, channel in enumerate(("sms", "email", "in_app"), start=1)
            ]
        ),
        POLICY,
        "would have gone by SMS at 10:00 but for the channels that were used already",
    ),
]


@pytest.mark.parametrize(
    ("reason", "snapshot", "policy", "words"), CASES, ids=[str(case[0]) for case in CASES]
)
def test_each_reason(reason: Reason, snapshot: Snapshot, policy: Policy, words: str) -> None:
    """I10, S5.14: the counterfactual of each kind of negative decision."""
    decision = decide_on(snapshot, policy)
    assert decision_reason(decision) == reason
    assert otherwise_words(counterfactual(snapshot, policy), ZONE) == words


def test_a_minimum_that_is_met() -> None:
    late = STAGES["d+1"]
    paid = seen(late.due_at, reminder=late, of=bill(payments=[payment("P", 100, at(1))]))
    assert decision_reason(decide_on(paid, POLICY)) == Reason.MINIMUM_MET
    words = otherwise_words(counterfactual(paid, POLICY), ZONE)
    assert words == "would have gone by SMS at 10:00 but for the payments"


def test_missing_consent() -> None:
    packs = {
        name: replace(pack, consent=dict.fromkeys(MessageClass, pack.hours[cls].source))
        for name, pack in POLICY.packs.items()
        for cls in [MessageClass.COLLECTION]
    }
    asks = replace(POLICY, packs=packs)
    assert decision_reason(decide_on(seen(), asks)) == Reason.NO_CONSENT
    words = otherwise_words(counterfactual(seen(), asks), ZONE)
    assert words == "would have gone by SMS at 10:00 but for the consent to SMS that is missing"


def test_what_stands_behind_the_deciding_rule_is_said_too() -> None:
    """Two caps and a night: each is lifted alone, and the next one shows."""
    held = seen(NIGHT, who=customer(holds=[hold()]))
    words = otherwise_words(counterfactual(held, POLICY), ZONE)
    assert words.endswith("but for the hold (dispute), and behind it quiet hours")


def test_a_bill_that_nobody_knows_has_no_counterfactual() -> None:
    assert counterfactual(replace(seen(), bill=None), POLICY) is None


def test_what_was_sent_has_none() -> None:
    assert isinstance(decide_on(seen(), POLICY), Send)
    assert counterfactual(seen(), POLICY) is None


def test_a_text_that_could_not_be_written() -> None:
    """The brain said to send: what it said is what would have happened."""
    undone = Suppress(Reason.CONTENT, ())
    words = otherwise_words(counterfactual(seen(), POLICY, undone), ZONE)
    assert words == "would have gone by SMS at 10:00 but for its text, which could not be written"


@given(
    st.integers(-2 * 24 * 60, 4 * 24 * 60),
    st.sampled_from(list(STAGES.values())),
    st.sampled_from(list(Tier)),
    st.sets(st.sampled_from(["sms", "email", "in_app"])),
    st.sets(st.sampled_from(["sms", "email", "in_app"])),
    st.sampled_from([0, 100, 1000]),
    st.booleans(),
)
def test_nothing_is_ever_invented(
    minutes: int,
    reminder: Reminder,
    tier: Tier,
    opted_out: set[str],
    dead: set[str],
    paid: int,
    held: bool,
) -> None:
    """What is told is what the brain says of the changed inputs, and only the named rules changed:
    a message that is told to go goes, and no rule is lifted that had let it pass."""
    snapshot = seen(
        reminder.due_at + timedelta(minutes=minutes),
        reminder=reminder,
        tier=tier,
        of=bill(payments=[payment("P", paid, at(1))] if paid else ()),
        who=customer(
            opted_out=sorted(opted_out),
            points=contacts(**dict.fromkeys(dead, DEAD)),
            holds=[hold()] if held else (),
        ),
    )
    decision = decide_on(snapshot, POLICY)
    found = counterfactual(snapshot, POLICY)
    if isinstance(decision, Send | Satisfy):
        assert found is None
        return
    assert found is not None
    last = found.lifted[-1]
    assert found.decision == decide_on(last.snapshot, last.policy)
    assert found.at == snapshot.now
    assert ("holds" in {each.rule for each in found.lifted}) <= held
    assert ("payments" in {each.rule for each in found.lifted}) <= bool(paid)
    barred = {each.subject for each in found.lifted if each.rule == "opt-out"}
    assert barred <= opted_out
    assert MessageKind(last.snapshot.reminder.kind) is reminder.kind
