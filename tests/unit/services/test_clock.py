"""Business time: the machine's, or what a demo has set, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import fakeredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.services.clock import MachineClock, VirtualClock, clock_of


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])))
def test_what_was_set_is_read(now: datetime) -> None:
    with fakeredis.FakeRedis() as redis:
        clock = VirtualClock(redis)
        clock.set(now)
        assert clock.now() == now
        assert clock.now().utcoffset() == timedelta(0)


def test_a_virtual_clock_that_was_never_set_says_so() -> None:
    with fakeredis.FakeRedis() as redis, pytest.raises(LookupError, match="is not set"):
        clock_of("virtual", redis).now()


def test_the_machines_clock_is_aware() -> None:
    with fakeredis.FakeRedis() as redis:
        clock = clock_of("machine", redis)
    assert isinstance(clock, MachineClock)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
