"""What the attempts of a reminder mean at an instant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.escalation import (
    Confirmed,
    Progress,
    TryAgain,
    TryNext,
    Wait,
    failures,
    progress,
)
from reminders.domain.outcome import AttemptState, merge
from reminders.domain.policy import Confirm
from reminders.domain.reminder import Attempt, Cause
from tests.unit.domain.facts import at, attempt

S = AttemptState
SILENT = at(minutes=120)  # attempts are submitted at the start and wait for two hours


def name(step: Progress) -> str:
    match step:
        case TryNext(cause):
            return f"next {cause}"
        case TryAgain(channel):
            return f"again {channel}"
        case Wait(_, reason):
            return f"wait {reason}"
        case Confirmed(done):
            return f"done {done.number}"


@pytest.mark.parametrize(
    ("state", "confirm", "waiting", "silent"),
    [
        (S.SUBMITTED, Confirm.DELIVERED, "wait confirmation", "next unconfirmed"),
        (S.ACCEPTED, Confirm.DELIVERED, "wait confirmation", "next unconfirmed"),
        (S.ACCEPTED, Confirm.READ, "wait confirmation", "next unconfirmed"),
        (S.ACCEPTED, Confirm.ACCEPTED, "wait confirmation", "done 1"),
        (S.UNCERTAIN, Confirm.ACCEPTED, "wait confirmation", "next unconfirmed"),
        (S.UNCERTAIN, Confirm.DELIVERED, "wait confirmation", "next unconfirmed"),
        (S.DELIVERED, Confirm.ACCEPTED, "done 1", "done 1"),
        (S.DELIVERED, Confirm.DELIVERED, "done 1", "done 1"),
        (S.DELIVERED, Confirm.READ, "wait confirmation", "next unconfirmed"),
        (S.READ, Confirm.ACCEPTED, "done 1", "done 1"),
        (S.READ, Confirm.DELIVERED, "done 1", "done 1"),
        (S.READ, Confirm.READ, "done 1", "done 1"),
        (S.UNDELIVERED, Confirm.ACCEPTED, "next failed", "next failed"),
        (S.UNDELIVERED, Confirm.DELIVERED, "next failed", "next failed"),
        (S.FAILED, Confirm.DELIVERED, "next failed", "next failed"),
        (S.RELEASED, Confirm.DELIVERED, "next failed", "next failed"),
    ],
)
def test_one_attempt(state: AttemptState, confirm: Confirm, waiting: str, silent: str) -> None:
    one = [attempt(state, confirm=confirm)]
    assert name(progress(one, at(minutes=119))) == waiting
    assert name(progress(one, SILENT)) == silent


@pytest.mark.parametrize("state", [S.FAILED, S.RELEASED])
def test_a_retry_is_waited_for_and_then_made(state: AttemptState) -> None:
    one = [attempt(state, retry_at=at(minutes=5))]
    assert name(progress(one, at(minutes=4))) == "wait retry"
    assert name(progress(one, at(minutes=5))) == "again sms"


def test_nothing_yet_is_the_first_rung() -> None:
    assert progress([], at()) == TryNext(Cause.FIRST)


def test_an_earlier_rung_that_is_confirmed_late_ends_the_ladder() -> None:
    both = [attempt(S.DELIVERED), attempt(S.SUBMITTED, "email", number=2)]
    assert name(progress(both, at())) == "done 1"


def test_the_last_attempt_speaks_for_those_before_it() -> None:
    both = [attempt(S.UNDELIVERED), attempt(S.ACCEPTED, "email", number=2)]
    assert name(progress(both, at())) == "wait confirmation"


def test_only_refusals_of_the_same_channel_are_failures() -> None:
    states = [(S.FAILED, "sms"), (S.RELEASED, "sms"), (S.FAILED, "sms"), (S.FAILED, "email")]
    history = [attempt(state, channel) for state, channel in states]
    assert failures(history, "sms") == 2


attempts = st.builds(
    attempt,
    st.sampled_from(AttemptState),
    st.sampled_from(["sms", "email", "in_app"]),
    confirm=st.sampled_from(Confirm),
    retry_at=st.none() | st.just(at(minutes=5)),
)


@given(st.lists(attempts, max_size=4), st.integers(0, 300))
def test_a_wait_is_always_ahead_and_a_confirmation_is_never_lost(
    history: list[Attempt], minutes: int
) -> None:
    now = at(minutes=minutes)
    step = progress(history, now)
    if isinstance(step, Wait):
        assert step.until > now
    if isinstance(step, Confirmed):
        assert isinstance(progress(history, at(30)), Confirmed)


@given(attempts, st.sampled_from(AttemptState), st.integers(0, 300))
def test_hearing_more_never_unconfirms(one: Attempt, heard: AttemptState, minutes: int) -> None:
    if one.state in {S.DELIVERED, S.READ} and isinstance(
        progress([one], at(minutes=minutes)), Confirmed
    ):
        more = attempt(merge(one.state, heard), confirm=one.confirm)
        assert isinstance(progress([more], at(minutes=minutes)), Confirmed)
