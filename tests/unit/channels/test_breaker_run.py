"""Little traffic: a run of bad calls that is no chance opens; what is usual does not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import fakeredis
import pytest

from benchmarks.brownout_breaker import FAILS, SLOW_2, SLOW_5, Answer, Ill, Run, healthy
from channels.health import Call
from tests.unit.channels.test_breaker import FAILED, OK, RANGE, Watch


@pytest.fixture
def client() -> Iterator[fakeredis.FakeRedis]:
    with fakeredis.FakeRedis() as opened:
        yield opened


@pytest.fixture
def watch(client: fakeredis.FakeRedis) -> Watch:
    return Watch(client)


def test_a_few_bad_calls_of_a_provider_that_had_none_open_it(watch: Watch) -> None:
    """Two calls a second, of which none was bad: no window would have enough of them."""
    for _ in range(90):
        watch.calls(2)
    for _ in range(5):
        assert watch.standing().share == 1
        watch.calls(1, 1, what=OK, seconds=3.0)
    assert watch.standing().share == 0
    assert "of calls slow" in watch.standing().reason
    (shift,) = watch.health.shifts()
    assert json.loads(shift.figures)["calls"] < 20


def test_a_range_of_little_traffic_opens_alone(watch: Watch) -> None:
    for _ in range(60):
        watch.calls(1, part=RANGE)
        watch.calls(20, part="+8618")
    for _ in range(8):
        watch.calls(20, part="+8618")
        watch.calls(0, 1, part=RANGE)
    standing = watch.standing()
    assert standing.share == 1
    assert standing.ranges == {RANGE: 0.0}


def test_a_moments_stall_is_no_run(watch: Watch) -> None:
    """Whatever was in flight is late at once."""
    for _ in range(90):
        watch.calls(2)
    for _ in range(2):
        watch.calls(0, 4, what=OK, seconds=3.0)
    for _ in range(10):
        watch.calls(2)
    assert watch.states() == []


def test_by_a_clock_that_stands_still_a_moment_is_all_there_is(
    client: fakeredis.FakeRedis,
) -> None:
    watch = Watch(client, frozen=True)
    watch.calls(10, 10, what=OK, seconds=3.0)
    assert "of calls slow" in watch.standing().reason


def test_what_is_usual_of_a_provider_is_no_run(watch: Watch) -> None:
    """One of eight is slow all day: eight of forty in a row come by chance now and then."""
    for _ in range(150):
        watch.calls(7, 1, what=OK, seconds=3.0)
    for _ in range(8):
        watch.calls(4, 1, what=OK, seconds=3.0)
    assert watch.states() == []


def test_at_little_traffic_it_rests_until_its_probes_are_few_of_what_is_carried(
    watch: Watch,
) -> None:
    watch.calls(0, 5)
    for _ in range(3):
        watch.calls(0, 5)
    assert watch.standing().share == 0
    watch.now += 150  # eight probes are a hundredth of 800 calls, at five a second
    assert watch.standing().share == 0
    watch.now += 10
    assert watch.standing().probing


def test_where_nobody_else_stands_it_is_probed_after_the_usual_cool_down(watch: Watch) -> None:
    other = Watch(watch.client, now=watch.now)
    told = [call._replace(provider="b") for call in _failed(40)]
    other.health.note(told)
    watch.now += 1
    for _ in range(4):
        watch.calls(0, 5)
    assert watch.standing("b").share == watch.standing().share == 0
    watch.now += 20
    assert watch.standing().probing


def _failed(count: int) -> list[Call]:
    return [Call("a", "", FAILED, 0.0)] * count


@pytest.mark.parametrize(
    ("answer", "rate", "within_s"), [(SLOW_5, 10, 10), (FAILS, 10, 10), (SLOW_2, 5, 15)]
)
def test_of_a_brown_out_at_little_traffic_99_percent_leave_by_the_other(
    client: fakeredis.FakeRedis, answer: Answer, rate: float, within_s: float
) -> None:
    """Of new messages, from so many seconds after it began."""
    ill = Ill(answer, begins_s=45, ends_s=90)
    seen = Run(client, ill, rate, seed=3).play(90)
    assert seen.opened_after(ill) <= within_s
    assert seen.by_others(ill, within_s) >= 0.99


def test_jitter_and_stalls_of_good_providers_open_nothing(client: fakeredis.FakeRedis) -> None:
    seen = Run(client, healthy, 8, seed=5, step_s=2.0).play(300)
    assert len(seen.calls) > 2000
    assert seen.opened == []
