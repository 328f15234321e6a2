"""What happens to people besides bills and payments: one small function per kind of event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

from reminders.services.demo.card_rows import (
    MONTHS,
    bill_id,
    due_day,
    payment_id,
)
from reminders.services.demo.life import Life
from reminders.services.demo.observations import OBSERVATIONS
from reminders.services.demo.people import address, new_number
from reminders.services.demo.portfolio import TimedEvent
from reminders.services.demo.profile import profile
from reminders.services.demo.statements import payment_is_early, snapshot

_HALF_WAY = 2  # the June statement, due in July
_MOVED_BY = timedelta(days=7)
_HARDSHIP = timedelta(days=45)
_REVERSED_AFTER = timedelta(days=3)


def _before_due(index: int, days: int) -> date:
    return due_day(MONTHS[index]) - timedelta(days=days)


def _preference(
    life: Life, channel: str, day: date, allowed: bool = False, kind: str = "*"
) -> TimedEvent:
    return life.event(
        "preference.changed",
        f"preference-{channel}-{day}",
        day,
        actor="customer",
        channel=channel,
        message_kind=kind,
        allowed=allowed,
    )


def _opt_out(*channels: str, kind: str = "*") -> Callable[[Life], Iterable[TimedEvent]]:
    day = _before_due(_HALF_WAY, 2)
    return lambda life: [_preference(life, channel, day, kind=kind) for channel in channels]


def _opt_back_in(life: Life) -> Iterable[TimedEvent]:
    yield _preference(life, "sms", _before_due(1, 2))
    yield _preference(life, "sms", _before_due(3, 5), allowed=True)


def _number_renewed(life: Life) -> Iterable[TimedEvent]:
    yield life.event(
        "contact.changed",
        "number",
        _before_due(3, 2),
        channel="sms",
        address=new_number(life.row.client),
    )


def _email_withdrawn(life: Life) -> Iterable[TimedEvent]:
    yield life.event(
        "contact.changed", "email", _before_due(_HALF_WAY, 2), channel="email", address=None
    )


def _moved_house(life: Life) -> Iterable[TimedEvent]:
    """Another language and another mailbox; the zone stays, so what is planned stays too."""
    contacts = {**life.person.contacts, "email": address(life.row.client, "deliver")}
    language = "en" if life.person.language == "zh-CN" else "zh-CN"
    data = profile(life.person, language=language, contacts=contacts)
    yield life.event("customer.updated", "moved", _before_due(_HALF_WAY, 9), **data)


def _hold(
    life: Life, kind: str, day: date, until: str | None = None, bill: str | None = None
) -> TimedEvent:
    optional = {"until_at": until, "bill_id": bill}
    return life.event(
        "hold.placed",
        f"{kind}-placed",
        day,
        hold_id=f"H-{kind}-{life.row.client}",
        kind=kind,
        from_at=life.at(day),
        **{name: value for name, value in optional.items() if value is not None},
    )


def _dispute(life: Life) -> Iterable[TimedEvent]:
    index = life.billed(2, 3, 4, 5, 1, 0)
    if index is None:
        return
    bill, lifted = bill_id(life.row.client, index), _before_due(index, -2)
    yield _hold(life, "dispute", _before_due(index, 4), bill=bill)
    yield life.event(
        "hold.lifted",
        "dispute-lifted",
        lifted,
        hold_id=f"H-dispute-{life.row.client}",
        lifted_at=life.at(lifted),
    )


def _open_dispute(life: Life) -> Iterable[TimedEvent]:
    index = life.billed(4, 5, 3, 2, 1, 0)
    if index is not None:
        bill = bill_id(life.row.client, index)
        yield _hold(life, "dispute", _before_due(index, 2), bill=bill)


def _hardship(life: Life) -> Iterable[TimedEvent]:
    day = _before_due(_HALF_WAY, 10)
    # One hour for all: every end of a hold is a step of the virtual clock.
    until = datetime.combine(day + _HARDSHIP, time(2), UTC)
    yield _hold(life, "hardship", day, until=until.isoformat())


def _deceased(life: Life) -> Iterable[TimedEvent]:
    yield _hold(life, "deceased", _before_due(4, 1))


def _reversal(life: Life) -> Iterable[TimedEvent]:
    for index in range(1, len(MONTHS)):
        paid_on = payment_is_early(life.row, index, 1)
        if paid_on is not None:
            day = paid_on + _REVERSED_AFTER
            yield life.event(
                "payment.reversed",
                f"reversed-{index}",
                day,
                payment_id=payment_id(life.row.client, index),
                bill_id=bill_id(life.row.client, index - 1),
                reversed_at=life.at(day),
                reason="chargeback",
            )
            return


def _failed_payment(life: Life) -> Iterable[TimedEvent]:
    for index in (1, 3, 5):
        if life.row.bills[index] <= 0:
            continue
        day = _before_due(index, 2)
        yield life.event(
            "payment.failed",
            f"failed-{index}",
            day,
            payment_id=f"PF-{life.row.client}-{index}",
            bill_id=bill_id(life.row.client, index),
            amount_minor=life.row.bills[index] * 100,
            currency=life.person.currency,
            failed_at=life.at(day),
            reason="insufficient_funds",
        )


def _moved_due(life: Life) -> Iterable[TimedEvent]:
    index = life.billed(_HALF_WAY, 4, 0)
    if index is not None:
        data = snapshot(life.row, index, version=2, currency=life.person.currency)
        data["due_on"] = (due_day(MONTHS[index]) + _MOVED_BY).isoformat()
        data["reason"] = "due date moved at the customer's request"
        yield life.event("bill.adjusted", "due-moved", _before_due(index, 5), **data)


HAPPENINGS: dict[str, Callable[[Life], Iterable[TimedEvent]]] = {
    "opt_out_sms": _opt_out("sms"),
    "opt_out_email": _opt_out("email"),
    "opt_out_all": _opt_out("sms", "email", "in_app"),
    "opt_out_overdue": _opt_out("sms", kind="overdue"),
    "opt_back_in": _opt_back_in,
    "number_renewed": _number_renewed,
    "email_withdrawn": _email_withdrawn,
    "moved_house": _moved_house,
    "dispute": _dispute,
    "open_dispute": _open_dispute,
    "hardship": _hardship,
    "deceased": _deceased,
    "reversal": _reversal,
    "failed_payment": _failed_payment,
    "moved_due": _moved_due,
    **OBSERVATIONS,
}
