"""One example of each event, as the documentation shows it. All people in it are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime

from reminders.events.envelope import AnyData, Event, event_of
from reminders.events.models import (
    BillAdjusted,
    BillCancelled,
    BillDue,
    BillIssued,
    ContactChanged,
    ContactPoint,
    CustomerUpdated,
    HoldLifted,
    HoldPlaced,
    OffsetsChosen,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PreferenceChanged,
)
from reminders.events.observed import ContactConfirmed, ContactMade, PromiseMade, RiskObserved

_SOURCE = "/example-bank/billing"
_CUSTOMER = "C-000001"
_BILL = "B-2026-03-000001"
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _at(month: int, day: int, hour: int = 1) -> datetime:
    return datetime(2026, month, day, hour, 30, tzinfo=UTC)


_BILLED = BillIssued(
    customer_id=_CUSTOMER,
    bill_id=_BILL,
    version=1,
    currency="TWD",
    amount_due_minor=1_284_500,
    minimum_due_minor=128_500,
    due_on=date(2026, 3, 25),
    product="credit_card",
    revolving=True,
    issued_at=_at(3, 5),
    supersedes="B-2026-02-000001",
)

_DATA: tuple[tuple[AnyData, datetime], ...] = (
    (
        CustomerUpdated(
            customer_id=_CUSTOMER,
            language="zh-CN",
            time_zone="Asia/Taipei",
            jurisdiction="TW",
            contact_points=(
                ContactPoint(channel="sms", address="+8616100000001"),
                ContactPoint(channel="email", address="customer.one@example.com"),
                ContactPoint(channel="in_app"),
            ),
            consent={"sms": True, "email": True, "in_app": True},
            name="王示例",
            other_time_zones=("Asia/Shanghai",),
        ),
        _at(3, 1),
    ),
    (
        ContactChanged(customer_id=_CUSTOMER, channel="sms", address="+8616100000002"),
        _at(3, 2),
    ),
    (
        PreferenceChanged(
            customer_id=_CUSTOMER,
            actor="customer",
            channel="sms",
            message_kind="pre_due",
            allowed=False,
            source="preference_page",
        ),
        _at(3, 3),
    ),
    (_BILLED, _at(3, 5)),
    (BillDue(**_BILLED.model_dump()), _at(3, 25)),
    (
        BillAdjusted(
            **_BILLED.model_dump()
            | {"version": 2, "amount_due_minor": 1_184_500, "reason": "refund of a purchase"}
        ),
        _at(3, 10),
    ),
    (
        BillCancelled(customer_id=_CUSTOMER, bill_id=_BILL, version=3, reason="issued in error"),
        _at(3, 12),
    ),
    (
        PaymentReceived(
            customer_id=_CUSTOMER,
            payment_id="P-000001",
            bill_id=_BILL,
            amount_minor=128_500,
            currency="TWD",
            paid_at=_at(3, 20),
        ),
        _at(3, 20),
    ),
    (
        PaymentFailed(
            customer_id=_CUSTOMER,
            payment_id="P-000002",
            bill_id=_BILL,
            amount_minor=1_184_500,
            currency="TWD",
            failed_at=_at(3, 21),
            reason="insufficient_funds",
        ),
        _at(3, 21),
    ),
    (
        PaymentReversed(
            customer_id=_CUSTOMER,
            payment_id="P-000001",
            bill_id=_BILL,
            reversed_at=_at(3, 22),
            reason="chargeback",
        ),
        _at(3, 22),
    ),
    (
        HoldPlaced(
            customer_id=_CUSTOMER,
            hold_id="H-000001",
            kind="dispute",
            bill_id=_BILL,
            from_at=_at(3, 23),
            until_at=_at(4, 22),
        ),
        _at(3, 23),
    ),
    (HoldLifted(customer_id=_CUSTOMER, hold_id="H-000001", lifted_at=_at(3, 30)), _at(3, 30)),
    (OffsetsChosen(customer_id=_CUSTOMER, offsets=(-5, -1), actor="customer"), _at(3, 4)),
    (
        RiskObserved(
            customer_id=_CUSTOMER,
            name="credit_limit",
            value=200_000,
            source="core_banking",
            observed_at=_at(3, 1),
        ),
        _at(3, 1),
    ),
    (
        PromiseMade(
            customer_id=_CUSTOMER,
            promise_id="PTP-000001",
            bill_id=_BILL,
            amount_minor=500_000,
            currency="TWD",
            promised_on=date(2026, 4, 3),
            made_at=_at(3, 28),
        ),
        _at(3, 28),
    ),
    (
        ContactConfirmed(customer_id=_CUSTOMER, channel="sms", confirmed_at=_at(3, 6)),
        _at(3, 6),
    ),
    (
        ContactMade(
            customer_id=_CUSTOMER,
            contact_id="CALL-000001",
            channel="voice",
            bill_id=_BILL,
            connected=True,
            conversation=True,
            at=_at(3, 28),
            message_class="collection",
        ),
        _at(3, 28),
    ),
)


def examples() -> dict[str, Event]:
    """One valid event of every type, by type."""
    events = [
        event_of(data, id=f"evt-{n:04}", source=_SOURCE, time=time, traceparent=_TRACE)
        for n, (data, time) in enumerate(_DATA, start=1)
    ]
    return {event.type: event for event in events}
