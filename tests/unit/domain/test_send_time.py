"""The hour is found on generated behaviour (S3.14), and few signs say nothing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from reminders.domain.send_time import best_time

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ZONE = "Asia/Taipei"


def acts(
    hour: float, count: int, seed: int, spread_minutes: float = 40
) -> list[tuple[str, datetime]]:
    """Somebody who acts around `hour` of their day, and one time in five at any other."""
    draw = random.Random(seed)  # noqa: S311  (invented behaviour)
    found = []
    for number in range(count):
        minute = hour * 60 + draw.gauss(0, spread_minutes)
        if draw.random() < 0.2:
            minute = draw.uniform(0, 24 * 60)
        day = datetime(2026, 8, 30, tzinfo=ZoneInfo(ZONE)) - timedelta(days=3 * number)
        kind = draw.choice(("read", "read", "acted", "paid"))
        found.append((kind, (day + timedelta(minutes=minute % (24 * 60))).astimezone(UTC)))
    return found


def away(found: time | None, hour: float) -> float:
    assert found is not None
    apart = abs(found.hour * 60 + found.minute - hour * 60)
    return min(apart, 24 * 60 - apart)


@settings(max_examples=60, deadline=None)
@given(hour=st.sampled_from([8.0, 9.5, 12.25, 18.0, 20.5, 23.75]), seed=st.integers(0, 10_000))
def test_it_finds_the_hour(hour: float, seed: int) -> None:
    assert away(best_time(acts(hour, 25, seed), ZONE, NOW), hour) <= 75


def test_the_order_in_which_acts_are_heard_of_changes_nothing() -> None:
    seen = acts(18.0, 20, 7)
    shuffled = sorted(seen, key=lambda each: str(each))
    assert best_time(seen, ZONE, NOW) == best_time(shuffled, ZONE, NOW)


def test_few_signs_say_nothing() -> None:
    assert best_time([], ZONE, NOW) is None
    assert best_time([("read", NOW - timedelta(days=1))] * 2, ZONE, NOW) is None


def test_habits_change() -> None:
    old = [("paid", at - timedelta(days=300)) for _, at in acts(8.0, 15, 1)]
    assert away(best_time([*old, *acts(20.0, 8, 2)], ZONE, NOW), 20.0) <= 75


def test_what_is_still_to_come_is_not_known() -> None:
    assert best_time([("paid", NOW + timedelta(days=1))] * 9, ZONE, NOW) is None
