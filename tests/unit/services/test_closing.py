"""Until when what waited may be handed over: its hours, its use and its bill's due date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.hours import Hours, Span, is_open, spans
from reminders.domain.policy import Policy
from reminders.ledger.incidents import Waiting
from reminders.services import policy_files
from reminders.services.closing import Window, closes_at, window

CONFIG = Path(policy_files.__file__).parents[2] / "config"
ZONES = ("Asia/Taipei", "Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")
NOW = datetime(2026, 3, 3, 2, tzinfo=UTC)  # 10:00 in Taipei
MINUTE = timedelta(minutes=1)


@cache
def policy() -> Policy:
    path = CONFIG / "policies" / "default.yaml"
    return policy_files.read(path, CONFIG / "packs", CONFIG / "cards")[0]


def waits(**changed: object) -> Waiting:
    usual = Waiting(
        *("sms", policy().label, "pre_due", "TW", "Asia/Taipei", ()),
        date(2026, 3, 6),
        NOW + timedelta(days=2),
    )
    return usual._replace(**changed)  # type: ignore[arg-type]  # its own fields


@given(
    st.integers(0, 300 * 24 * 60).map(lambda minutes: NOW + minutes * MINUTE),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=2),
    st.tuples(st.integers(0, 23), st.integers(0, 23)),
    st.integers(1, 60),
)
def test_it_is_open_until_it_closes(
    now: datetime, zones: list[str], wall: tuple[int, int], hours_ahead: int
) -> None:
    hours = Hours(spans(time(wall[0]), time(wall[1])))
    before = now + timedelta(hours=hours_ahead)
    if not is_open(hours, zones, now):
        return
    ends = closes_at(hours, zones, now, before)
    assert now < ends <= before
    steps = int((ends - now) / MINUTE)
    assert all(is_open(hours, zones, now + step * MINUTE) for step in range(0, steps, 7))
    assert is_open(hours, zones, ends - timedelta(microseconds=1))
    if ends < before and ends - now < timedelta(days=2):
        assert not is_open(hours, zones, ends)


def test_a_blackout_closes_too() -> None:
    begins = NOW + timedelta(minutes=20)
    hours = Hours(blackouts=((begins, begins + timedelta(minutes=5)),))
    assert closes_at(hours, ("UTC",), NOW, NOW + timedelta(days=1)) == begins


def test_a_closed_day_begins_at_its_midnight() -> None:
    hours = Hours((Span(0, 1440),), closed_days=frozenset({date(2026, 3, 4)}))
    midnight = datetime(2026, 3, 3, 16, tzinfo=UTC)
    assert closes_at(hours, ("Asia/Taipei",), NOW, NOW + timedelta(days=2)) == midnight


def test_its_hours_close_this_evening() -> None:
    found = window(policy(), waits(), NOW)
    assert found is not None
    assert found.opens_at == NOW
    assert found.ends_at.date() == NOW.date()


def test_what_waits_at_night_may_go_in_the_morning_if_it_is_of_use_then() -> None:
    night = NOW + timedelta(hours=15)
    found = window(policy(), waits(), night)
    assert found is not None
    assert night < found.opens_at < found.ends_at
    assert window(policy(), waits(expires_at=night + timedelta(hours=1)), night) is None


def test_of_no_known_zone_there_is_no_hour() -> None:
    assert window(policy(), waits(time_zone=""), NOW) is None


@pytest.mark.parametrize(
    ("changed", "ends"),
    [
        ({"expires_at": NOW + timedelta(minutes=30)}, NOW + timedelta(minutes=30)),
        ({"other_zones": ("Pacific/Auckland",)}, NOW + timedelta(hours=6)),
    ],
)
def test_the_first_of_its_ends_counts(changed: dict[str, object], ends: datetime) -> None:
    found = window(policy(), waits(**changed), NOW)
    assert found is not None
    assert found == Window(NOW, min(ends, found.ends_at))
    assert found.ends_at <= ends


def test_where_all_hours_are_allowed_it_ends_with_its_bills_due_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reminders.services.closing._hours", lambda *_: Hours())
    midnight = datetime(2026, 3, 3, 16, tzinfo=UTC)
    due = waits(kind="due_today", due_on=date(2026, 3, 3))
    assert window(policy(), due, NOW) == Window(NOW, midnight)
    notice = due._replace(kind="payment_received")
    assert window(policy(), notice, NOW) == Window(NOW, due.expires_at)
    assert window(policy(), due._replace(due_on=date(2026, 3, 2)), NOW) == Window(
        NOW, due.expires_at
    )
