"""What others learn of people: promises, what the lender observes, an agent's call, a choice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from reminders.services.demo.card_rows import (
    FIRST_DAY,
    MONTHS,
    bill_id,
    payment_day,
    statement_day,
)
from reminders.services.demo.life import Life
from reminders.services.demo.portfolio import TimedEvent

_DAY = timedelta(days=1)
_CHANNELS = ("sms", "email", "in_app")


def _promise(life: Life, index: int, made_on: date, promised_on: date, whole: int) -> TimedEvent:
    """A promise of `whole` major units of the bill of that month."""
    return life.event(
        "promise.made",
        f"promised-{index}",
        made_on,
        promise_id=f"PR-{life.row.client}-{index}",
        bill_id=bill_id(life.row.client, index),
        amount_minor=whole * 100,
        currency=life.person.currency,
        promised_on=promised_on.isoformat(),
        made_at=life.at(made_on),
    )


def _promise_kept(life: Life) -> Iterable[TimedEvent]:
    """As much as the row shows to be paid, by the day on which it is."""
    for index in range(1, len(MONTHS)):
        paid, billed = life.row.payments[index], life.row.bills[index - 1]
        if paid > 0 and billed > 0:
            paid_on = payment_day(life.row, index)
            yield _promise(life, index - 1, paid_on - _DAY, paid_on, min(paid, billed))
            return


def _promise_broken(life: Life) -> Iterable[TimedEvent]:
    """The whole bill the day before it is due, of which the row shows less by then."""
    for index in range(len(MONTHS) - 1):
        billed, paid = life.row.bills[index], life.row.payments[index + 1]
        promised_on = life.due(index) - _DAY
        in_time = paid if payment_day(life.row, index + 1) <= promised_on else 0
        if in_time < billed:
            yield _promise(life, index, promised_on - 5 * _DAY, promised_on, billed)
            return


def _observed(life: Life) -> Iterable[TimedEvent]:
    """A limit, and a use of it that rises until the lender calls it an anomaly."""
    for month, name, value in (
        (0, "credit_limit", 50_000),
        (0, "utilisation", 0.35),
        (1, "lender_score", 612),
        (2, "utilisation", 0.97),
        (2, "anomaly", 1),
    ):
        day = statement_day(MONTHS[month]) + 2 * _DAY
        yield life.event(
            "risk.observed",
            f"observed-{name}-{month}",
            day,
            name=name,
            value=value,
            source="core",
            observed_at=life.at(day),
        )


def _offsets_chosen(life: Life) -> Iterable[TimedEvent]:
    yield life.event(
        "preference.offsets_chosen", "offsets", FIRST_DAY + _DAY, offsets=[-1], actor="customer"
    )


def _agent_called(life: Life) -> Iterable[TimedEvent]:
    """An agent spoke with the customer on the day after a due date: one contact of that day."""
    index = life.billed(1, 2, 3, 4, 5, 0)
    if index is not None:
        day = life.due(index) + _DAY
        yield life.event(
            "contact.made",
            "agent-call",
            day,
            contact_id=f"AC-{life.row.client}",
            channel="voice",
            bill_id=bill_id(life.row.client, index),
            connected=True,
            conversation=True,
            at=life.at(day),
        )


def _confirmed(life: Life) -> Iterable[TimedEvent]:
    """They open a link in a text message once a month, but in summer."""
    for month in (0, 1, 4, 5):
        day = statement_day(MONTHS[month]) + _DAY
        yield life.event(
            "contact.confirmed",
            f"confirmed-{month}",
            day,
            channel="sms",
            confirmed_at=life.at(day),
        )


def _ordered_by_law(life: Life) -> Iterable[TimedEvent]:
    """Wants no message from the first day on; law has them told of a bill once all the same."""
    day = FIRST_DAY + _DAY
    for channel in _CHANNELS:
        yield life.event(
            "preference.changed",
            f"nothing-by-{channel}",
            day,
            actor="customer",
            channel=channel,
            message_kind="*",
            allowed=False,
        )


OBSERVATIONS: dict[str, Callable[[Life], Iterable[TimedEvent]]] = {
    "promise_kept": _promise_kept,
    "promise_broken": _promise_broken,
    "observed": _observed,
    "offsets_chosen": _offsets_chosen,
    "agent_called": _agent_called,
    "confirmed": _confirmed,
    "ordered_by_law": _ordered_by_law,
}
