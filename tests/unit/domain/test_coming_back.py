"""A ladder comes back to a channel that was passed over before its tries were over (S3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.case import REFUSED
from reminders.domain.decide import decide
from reminders.domain.decision import Decision, Defer, Exhaust, Expire, Reason, Send
from reminders.domain.escalation import spent
from reminders.domain.outcome import AttemptState
from reminders.domain.planning import plan
from reminders.domain.policy import Confirm
from reminders.domain.reminder import Attempt, Cause
from reminders.domain.tier import Tier
from tests.unit.domain.facts import attempt, bill, customer, default_policy

S = AttemptState
RULES = default_policy()
D3 = {each.stage: each for each in plan(bill(), customer(), RULES)}["d-3"]
BEGAN = D3.due_at
RETRY = BEGAN + timedelta(minutes=1)
LATER = BEGAN + timedelta(hours=3)  # every wait of the ladder is over by then
OWED = attempt(S.FAILED, "sms", submitted_at=BEGAN, retry_at=RETRY)
MAIL = attempt(S.UNDELIVERED, "email", submitted_at=RETRY)
INBOX = attempt(S.ACCEPTED, "in_app", submitted_at=RETRY, confirm=Confirm.READ)


def numbered(*tries: Attempt) -> tuple[Attempt, ...]:
    return tuple(replace(each, number=n) for n, each in enumerate(tries, 1))


def ask(*tries: Attempt, now: datetime = LATER, stop: bool = False, sms: str = "") -> Decision:
    return ask_with(tries, {"sms": sms} if sms else {}, now=now, stop=stop)


def ask_with(
    tries: Sequence[Attempt],
    down: Mapping[str, str],
    *,
    now: datetime = LATER,
    stop: bool = False,
) -> Decision:
    who = customer(opted_out=("sms",)) if stop else customer()
    return decide(now, D3, bill(), who, RULES, Tier.R1, numbered(*tries), down=down)


def sends(decision: Decision) -> tuple[str, Cause]:
    assert isinstance(decision, Send), decision
    return decision.rung.channel, decision.cause


def test_a_channel_that_was_down_at_its_retry_is_tried_once_the_others_were_silent() -> None:
    assert sends(ask(OWED, now=RETRY, sms="no answers")) == ("email", Cause.FAILED)
    assert sends(ask(OWED, MAIL, INBOX)) == ("sms", Cause.UNCONFIRMED)


def test_a_call_that_never_began_is_owed_as_well() -> None:
    assert sends(ask(replace(OWED, state=S.RELEASED), MAIL, INBOX))[0] == "sms"


def test_it_comes_before_the_rungs_that_are_still_below() -> None:
    assert sends(ask(OWED, MAIL)) == ("sms", Cause.FAILED)


def test_while_it_is_down_it_is_waited_for_and_no_longer_than_the_stage_is_of_use() -> None:
    waiting = ask(OWED, MAIL, INBOX, sms="no answers")
    assert isinstance(waiting, Defer)
    assert waiting.reason is Reason.CHANNEL_DOWN
    assert LATER < waiting.until < D3.expires_at
    last = ask(OWED, MAIL, INBOX, now=D3.expires_at - timedelta(seconds=1), sms="no answers")
    assert isinstance(last, Defer)
    assert last.until == D3.expires_at
    assert isinstance(ask(OWED, MAIL, INBOX, now=D3.expires_at), Expire)


def test_what_had_its_tries_or_was_taken_is_not_used_again() -> None:
    over = [
        replace(OWED, retry_at=None),
        *(replace(OWED, state=state) for state in (S.ACCEPTED, S.UNDELIVERED, S.UNCERTAIN)),
    ]
    for first in over:
        decision = ask(first, MAIL, INBOX)
        assert isinstance(decision, Exhaust), first.state
        assert decision.reason is Reason.LADDER_SPENT


def test_its_tries_are_counted_on() -> None:
    assert isinstance(ask(OWED, MAIL, INBOX, replace(OWED, retry_at=None)), Exhaust)


def test_a_customer_who_said_stop_meanwhile_is_not_written_to() -> None:
    assert isinstance(ask(OWED, MAIL, INBOX, stop=True), Exhaust)


def test_words_that_it_does_not_carry_are_not_waited_for() -> None:
    decision = ask(OWED, MAIL, INBOX, sms=f"{REFUSED}too_long")
    assert isinstance(decision, Exhaust)
    assert decision.reason is Reason.CONTENT


tries = st.builds(
    attempt,
    st.sampled_from(AttemptState),
    st.sampled_from(["sms", "email", "in_app"]),
    submitted_at=st.just(BEGAN),
    retry_at=st.none() | st.just(RETRY),
)
downs = st.dictionaries(st.sampled_from(["sms", "email", "in_app"]), st.just("no answers"))


@given(st.lists(tries, max_size=5), downs)
def test_no_channel_that_may_have_taken_it_is_used_twice(
    history: list[Attempt], down: Mapping[str, str]
) -> None:
    decision = ask_with(history, down)
    refused = (S.FAILED, S.RELEASED)
    taken = {each.channel for each in history if each.state not in refused or not each.retry_at}
    assert spent(history) == taken
    if isinstance(decision, Send):
        assert decision.rung.channel not in taken
        assert decision.rung.channel not in down
