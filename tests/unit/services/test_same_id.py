"""Message centres begin their ids anew: which message is meant follows from what else is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.receipts import UNDATED
from reminders.services.same_id import LIFETIME, Quoted, Sent, meant

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINE, OTHERS = b"m" * 32, b"o" * 32
OLD = Sent(UUID(int=1), NOW - 2 * DAY, MINE)
NEW = Sent(UUID(int=2), NOW - DAY / 2, MINE)
NOT_MINE = Sent(UUID(int=3), NOW - DAY, OTHERS)


@pytest.mark.parametrize(
    ("quoted", "sent", "wanted"),
    [
        (Quoted(NOW), [OLD], [OLD]),
        (Quoted(NOW, OTHERS), [OLD], []),  # the new message is not recorded yet
        (Quoted(NOW, MINE), [OLD, NOT_MINE], [OLD]),  # late, of the old one
        (Quoted(NOW, OTHERS), [OLD, NOT_MINE], [NOT_MINE]),
        (Quoted(NOW, MINE, OLD.at), [OLD, NEW], [OLD]),
        (Quoted(NOW, None, NEW.at), [OLD, NEW], [NEW]),
        (Quoted(NOW - DAY), [OLD, NEW], [OLD]),  # it was over before the new one began
        (Quoted(OLD.at + LIFETIME + DAY), [OLD, NEW], [NEW]),
        (Quoted(NOW, MINE), [OLD, NEW], [OLD, NEW]),
        (Quoted(UNDATED), [OLD, NEW], [OLD, NEW]),
        (Quoted(NOW, MINE, NOW - 20 * DAY), [OLD, NEW], [OLD, NEW]),  # a clock that is wrong
        (Quoted(NOW - 9 * DAY), [OLD], [OLD]),  # another wrong clock: dates rule out nothing
    ],
)
def test_what_tells_messages_of_one_id_apart(
    quoted: Quoted, sent: list[Sent], wanted: list[Sent]
) -> None:
    assert meant(quoted, sent) == wanted


@given(
    at=st.datetimes(timezones=st.just(UTC)),
    submitted=st.none() | st.datetimes(timezones=st.just(UTC)),
    key=st.sampled_from((None, MINE, OTHERS)),
    sent=st.lists(st.sampled_from((OLD, NEW, NOT_MINE)), unique=True),
)
def test_no_receipt_goes_to_another_number_and_no_date_loses_one(
    at: datetime, submitted: datetime | None, key: bytes | None, sent: list[Sent]
) -> None:
    left = meant(Quoted(at, key, submitted), sent)
    fitting = [each for each in sent if key in (None, each.number_key)]
    assert all(each in fitting for each in left)
    assert bool(left) == bool(fitting)
