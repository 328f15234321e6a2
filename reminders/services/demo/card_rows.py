"""Six months of one card client, and the days on which a row's amounts become facts.

Assumptions, not data: a statement on the last day of each month, due 20 days later and moved to
the next of Monday to Friday (holidays of 2005 are not known here), paid on a day of the following
month drawn from SHA-256 of client and month. A payment of month m comes after the due date where
the repayment status seen in m says late: 1 or more in September, 2 or more in the older months,
where the source hardly ever uses 1.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256

YEAR = 2005
MONTHS = (4, 5, 6, 7, 8, 9)
_DASHED = tuple(f"{YEAR}-{month:02}" for month in MONTHS)
_WRITTEN = tuple(f"{YEAR}{month:02}" for month in MONTHS)
FIRST_DAY = date(YEAR, 4, 1)
DAYS_TO_PAY = 20
MINIMUM_PERCENT = 2
_MINUTES = tuple(timedelta(minutes=minute) for minute in range(60))
_LATEST_LATE = 1
_OLDER_LATE = 2


@dataclass(frozen=True, slots=True)
class CardRow:
    """One client, April first, in whole NT$: status seen, statement and payment of each month."""

    client: int
    statuses: tuple[int, ...]
    bills: tuple[int, ...]
    payments: tuple[int, ...]


@lru_cache(maxsize=16)
def statement_day(month: int) -> date:
    return date(YEAR, month, monthrange(YEAR, month)[1])


@lru_cache(maxsize=16)
def due_day(month: int) -> date:
    """When the statement of `month` is due: in the month after it."""
    day = statement_day(month) + timedelta(days=DAYS_TO_PAY)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=16)
def due_on(month: int) -> str:
    """The same as events write it."""
    return due_day(month).isoformat()


def is_late(row: CardRow, index: int) -> bool:
    least = _LATEST_LATE if index == len(MONTHS) - 1 else _OLDER_LATE
    return row.statuses[index] >= least


def payment_day(row: CardRow, index: int) -> date:
    """The day of the payment of month `index`: before the next statement, late where so said."""
    month = MONTHS[index]
    first, end = _paid_between(month, late=is_late(row, index))
    drawn = int.from_bytes(sha256(f"{row.client}:{_DASHED[index]}".encode()).digest()[:8], "big")
    return date(YEAR, month, first + drawn % (end - first + 1))


@lru_cache(maxsize=16)
def _paid_between(month: int, *, late: bool) -> tuple[int, int]:
    """The first and the last day of a month on which what was due in it is paid."""
    # The day before the statement is the last: money of the statement's own day is in the next.
    last = statement_day(month).day - 1
    due = due_day(month - 1).day
    first, end = (due + 1, last) if late else (1, due)
    return max(first, FIRST_DAY.day + 1) if month == FIRST_DAY.month else first, end


def moment(day: date, minute: int) -> datetime:
    """A fact's instant: in the first hour of its UTC day, before the first publishing slot."""
    return _moment(day, minute % 60)


@lru_cache(maxsize=16_384)
def _moment(day: date, minute: int) -> datetime:
    """The same object each time: what is kept by it (`portfolio.stated`) finds it at once."""
    return _midnight(day) + _MINUTES[minute]


@lru_cache(maxsize=1024)
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def bill_id(client: int, index: int) -> str:
    return f"CC-{client}-{_WRITTEN[index]}"


def payment_id(client: int, index: int) -> str:
    return f"PC-{client}-{_WRITTEN[index]}"
