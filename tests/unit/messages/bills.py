"""The bill that the tests of messages speak of, and where the shipped templates lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from reminders.messages.facts import NOTICES, Facts, Kind, Urgency

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "config" / "templates"

DUE_ON = date(2026, 3, 12)
_LATE = (Kind.OVERDUE, Kind.PROMISE_FOLLOWUP, *NOTICES)
DAYS_TO_DUE = {Kind.PRE_DUE: 3, Kind.DUE_TODAY: 0, **dict.fromkeys(_LATE, -3)}

_FACTS = Facts(
    kind=Kind.PRE_DUE,
    language="en",
    lender="Example Bank",
    bill_id="B-2026-03",
    currency="TWD",
    amount_minor=123_400,
    minimum_minor=10_000,
    due_on=DUE_ON,
    today=DUE_ON,
    urgency=Urgency.NORMAL,
    pay_url="https://pay.example.com/b/1",
    unsubscribe_url="https://pay.example.com/u/1",
)


def facts(kind: Kind = Kind.PRE_DUE, **changes: object) -> Facts:
    """A bill of NT$1,234.00 with a minimum of NT$100.00, three days from its due date or on it."""
    today = DUE_ON - timedelta(days=DAYS_TO_DUE.get(kind, 0))
    # `replace` checks names at run time; spelling out twelve types here would check no more.
    return replace(_FACTS, **{"kind": kind, "today": today, **changes})  # type: ignore[arg-type]
