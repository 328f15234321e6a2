"""How far a reminder has come on its ladder: what its attempts so far mean at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm
from reminders.domain.record import record
from reminders.domain.reminder import Attempt, Cause

# Read once: in CPython 3.11 the attribute of an enum costs more than the comparison with it.
_ACCEPTED: Final = AttemptState.ACCEPTED
_UNDELIVERED: Final = AttemptState.UNDELIVERED
_REFUSED: Final = frozenset({AttemptState.FAILED, AttemptState.RELEASED})
_CONFIRMED_BY_SILENCE: Final = Confirm.ACCEPTED
_ARRIVED: Final = frozenset({AttemptState.DELIVERED, AttemptState.READ, AttemptState.ACTED})
# The customer has it, or may have it: none that surely took nothing, or is under way.
_MAY_BE_THERE: Final = frozenset(
    {AttemptState.ACCEPTED, AttemptState.UNCERTAIN, AttemptState.DELIVERED, AttemptState.READ}
)
_CONFIRMING = {
    Confirm.ACCEPTED: _ARRIVED,
    Confirm.DELIVERED: _ARRIVED,
    Confirm.READ: frozenset({AttemptState.READ, AttemptState.ACTED}),
    Confirm.ACTED: frozenset({AttemptState.ACTED}),
}


@record
class Confirmed:
    """An attempt reached what its rung asks, or (`paid`) the customer paid after it."""

    attempt: Attempt
    paid: bool = False


@record
class Wait:
    """Nothing to do before `until`."""

    until: datetime
    reason: str


@record
class TryAgain:
    """The same channel once more."""

    channel: str


@record
class TryNext:
    """The next channel of the ladder that is not spent."""

    cause: Cause


Progress = Confirmed | Wait | TryAgain | TryNext
UNDER_WAY = (Confirmed, Wait)  # what asks for nothing more now
_FIRST: Final = TryNext(Cause.FIRST)


def progress(attempts: Sequence[Attempt], now: datetime) -> Progress:
    """Read the attempts of one reminder, in order of their number, at `now`.

    Silence past `confirm_by` confirms a rung that asks for `accepted` (no bounce within its
    time) and fails every other. What ended uncertain waits as long, then the next rung is due.
    """
    if not attempts:
        return _FIRST
    for attempt in attempts:
        if attempt.state in _CONFIRMING[attempt.confirm]:
            return Confirmed(attempt)
    last = attempts[-1]
    if last.state in _REFUSED:
        return _refused(last, now)
    if last.state is _UNDELIVERED:
        return TryNext(Cause.FAILED)
    if now < last.confirm_by:
        return Wait(last.confirm_by, "confirmation")
    if last.state is _ACCEPTED and last.confirm is _CONFIRMED_BY_SILENCE:
        return Confirmed(last)
    return TryNext(Cause.UNCONFIRMED)


def paid_after(attempts: Sequence[Attempt], paid_at: Iterable[datetime]) -> Confirmed | None:
    """The newest message that a payment of its bill followed: whoever pays needs not to be told
    by the next channel, whatever carriers say. None where nobody paid since."""
    latest = max(paid_at, default=None)
    if latest is None:
        return None
    for attempt in reversed(attempts):
        if attempt.submitted_at <= latest and attempt.state in _MAY_BE_THERE:
            return Confirmed(attempt, paid=True)
    return None


def _refused(last: Attempt, now: datetime) -> Progress:
    if last.retry_at is None:
        return TryNext(Cause.FAILED)
    if now < last.retry_at:
        return Wait(last.retry_at, "retry")
    return TryAgain(last.channel)


def spent(attempts: Sequence[Attempt]) -> set[str]:
    """The channels that are not to be used again for this reminder.

    One that surely took nothing and still had a try to come, when it was passed over (it was down,
    or held back by a cap), is not among them: the ladder comes back to it while it is of use.
    """
    return {
        attempt.channel
        for attempt in attempts
        if attempt.retry_at is None or attempt.state not in _REFUSED
    }


def failures(attempts: Sequence[Attempt], channel: str) -> int:
    """How many tries on this channel a provider refused."""
    return sum(
        1
        for attempt in attempts
        if attempt.channel == channel and attempt.state is AttemptState.FAILED
    )
