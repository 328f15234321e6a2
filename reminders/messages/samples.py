"""The bills that every template is tried on: large sums, long names, several of one day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from reminders.messages.catalogue import Message
from reminders.messages.facts import DATED, NOTICES, Facts, Kind, OtherBill, Urgency

_DUE_ON = date(2026, 9, 30)
_PAST = (1, 30)
_DAYS: Mapping[str, tuple[int, ...]] = {
    Kind.PRE_DUE: (-7, -1),
    Kind.DUE_TODAY: (0,),
    Kind.OVERDUE: _PAST,
    **dict.fromkeys(NOTICES, _PAST),
}
SAMPLE = Facts(
    kind="",
    language="",
    lender="Example Bank",
    bill_id="2026-09-000123",
    currency="TWD",
    amount_minor=123_456_700,
    minimum_minor=2_469_134,
    due_on=_DUE_ON,
    today=_DUE_ON,
    urgency=Urgency.NORMAL,
    pay_url="https://pay.example.com/b/2026-09-000123",
    unsubscribe_url="https://pay.example.com/u/2026-09-000123",
    paid_minor=123_456_700,
    promised_on=_DUE_ON,
    about_channel="sms",
    ending="12",
    remaining=("email", "in_app"),
    name="Ann Example",
)
_OTHERS = (
    OtherBill("2026-09-000124", "TWD", 98_765_400, _DUE_ON),
    OtherBill("2026-09-000125", "USD", 1_234_567, _DUE_ON),
)


def sample(kind: str, language: str) -> Facts:
    """One bill of `kind`, on the first of its days."""
    today = _DUE_ON + timedelta(days=_DAYS.get(kind, (0,))[0])
    return replace(SAMPLE, kind=kind, language=language, today=today)


def samples(message: Message) -> Iterator[Facts]:
    """Every urgency, both ends of the days, alone and with further bills."""
    for urgency in Urgency:
        for days in _DAYS.get(message.kind, (0,)):
            facts = replace(
                SAMPLE,
                kind=message.kind,
                language=message.language,
                urgency=urgency,
                today=_DUE_ON + timedelta(days=days),
            )
            yield facts
            if message.kind in DATED:
                yield replace(facts, others=_OTHERS)
