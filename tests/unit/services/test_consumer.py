"""One consumer of a stream: what is committed is acknowledged, what is not comes again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from threading import Event as Stop
from typing import Any

import fakeredis
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError

from reminders.services import consumer as module
from reminders.services.consumer import Consumer, Entry

STREAM = "events"


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[fakeredis.FakeRedis]:
    monkeypatch.setattr(module, "BLOCK_MS", 1)
    with fakeredis.FakeRedis() as client:
        yield client


class Handled:
    """Remembers batches, and fails on demand."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.failures: list[Exception] = []

    def __call__(self, entries: Sequence[Entry]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append([entry.fields[b"n"].decode() for entry in entries])

    @property
    def all(self) -> list[str]:
        return [one for batch in self.batches for one in batch]


def add(redis: fakeredis.FakeRedis, *numbers: int) -> None:
    for n in numbers:
        redis.xadd(STREAM, {"n": str(n)})


def pending(redis: fakeredis.FakeRedis) -> int:
    found: Any = redis.xpending(STREAM, "intake")  # Any: redis-py's reply has many shapes
    return int(found["pending"])


def consumer(
    redis: fakeredis.FakeRedis, handle: Handled, name: str = "one", **more: Any
) -> Consumer:
    return Consumer(redis, STREAM, name, handle, **more)


def test_it_reads_what_came_before_it_joined_and_in_batches(redis: fakeredis.FakeRedis) -> None:
    add(redis, 1, 2, 3)
    handled = Handled()
    one = consumer(redis, handled, batch=2)
    assert [one.step(), one.step(), one.step()] == [2, 1, 0]
    assert handled.batches == [["1", "2"], ["3"]]
    assert pending(redis) == 0


def test_joining_twice_is_harmless(redis: fakeredis.FakeRedis) -> None:
    handled = Handled()
    assert consumer(redis, handled).step() == 0
    add(redis, 1)
    assert consumer(redis, handled, "two").step() == 1


def test_nothing_is_acknowledged_before_it_is_handled(redis: fakeredis.FakeRedis) -> None:
    add(redis, 1, 2)
    handled = Handled()
    handled.failures.append(RuntimeError("no"))
    with pytest.raises(RuntimeError):
        consumer(redis, handled).step()
    assert pending(redis) == 2


def test_after_a_restart_its_own_entries_come_first(redis: fakeredis.FakeRedis) -> None:
    add(redis, 1)
    handled = Handled()
    handled.failures.append(RuntimeError("no"))
    with pytest.raises(RuntimeError):
        consumer(redis, handled).step()
    add(redis, 2)
    again = consumer(redis, handled)
    while again.step():
        pass
    assert handled.batches == [["1"], ["2"]]
    assert pending(redis) == 0


def test_what_another_one_abandoned_is_claimed(redis: fakeredis.FakeRedis) -> None:
    add(redis, 1)
    dead = Handled()
    dead.failures.append(RuntimeError("no"))
    with pytest.raises(RuntimeError):
        consumer(redis, dead, "dead").step()
    handled = Handled()
    patient = consumer(redis, handled, "patient", idle_claim=timedelta(hours=1))
    assert patient.step() == 0
    assert consumer(redis, handled, "heir", idle_claim=timedelta(0)).step() == 1
    assert handled.all == ["1"]
    assert pending(redis) == 0


def test_the_stream_is_cut_only_behind_what_is_committed(redis: fakeredis.FakeRedis) -> None:
    """Whoever trims, another consumer's uncommitted entries stay."""
    add(redis, *range(500))
    slow = Handled()
    slow.failures.append(RuntimeError("no"))
    with pytest.raises(RuntimeError):
        consumer(redis, slow, "slow", batch=250).step()
    fast = consumer(redis, Handled(), "fast", idle_claim=timedelta(hours=1))
    fast.step()
    left: Any = redis.xrange(STREAM)  # Any: as above
    assert {fields[b"n"] for _, fields in left} >= {b"%d" % n for n in range(250)}


def test_entries_taken_while_it_looks_are_not_cut(
    redis: fakeredis.FakeRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another consumer reads between the two questions on which the cut rests."""
    add(redis, 0)
    one = consumer(redis, Handled(), idle_claim=timedelta(hours=1))
    one.step()
    one._trim_at = 0.0
    add(redis, *range(1, 400))
    ask = redis.xpending

    def meanwhile(*args: Any) -> Any:
        found = ask(*args)
        redis.xreadgroup("intake", "other", {STREAM: ">"}, count=500)
        return found

    monkeypatch.setattr(redis, "xpending", meanwhile)
    monkeypatch.setattr(redis, "xtrim", lambda name, minid, approximate: cuts.append(minid))
    cuts: list[str] = []
    one._trim()
    first: Any = redis.xrange(STREAM, count=2)
    uncommitted = first[-1][0].decode()
    assert [_order(cut) <= _order(uncommitted) for cut in cuts] == [True]


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)


@pytest.mark.parametrize(
    "error",
    [
        RedisConnectionError("away"),
        OperationalError("SELECT", {}, Exception()),
        RedisConnectionError(),
    ],
)
def test_it_outlives_a_server_that_is_away(redis: fakeredis.FakeRedis, error: Exception) -> None:
    add(redis, 1)
    handled, stop = Handled(), Stop()
    handled.failures.append(error)
    one = consumer(redis, handled)
    step = one.step

    def until_handled() -> int:
        done = step()
        if handled.batches:
            stop.set()
        return done

    one.step = until_handled  # type: ignore[method-assign]  # the one seam
    one.run(stop)
    assert handled.all == ["1"]
    assert pending(redis) == 0
