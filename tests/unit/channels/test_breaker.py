"""The shared breaker on a fake Redis with real Lua, by a clock of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import fakeredis
import pytest
import redis

from channels.breaker import WatchedHealth
from channels.breaker_rules import BreakerRules, kind_of, slow_after
from channels.contract import Capabilities, Channel, Confirms, WhenUncertain
from channels.health import Awaited, Call, Confirmation, Standing
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent

OK = Accepted("ref")
FAILED = Transient("gateway 503")
BUSY = Transient("rate limited", timedelta(seconds=1))
RANGE = "+86161"
FACTS = Capabilities(
    "sms", Confirms.DELIVERED, True, WhenUncertain.ASK, 100.0, 10, timedelta(seconds=10)
)


def _provider(name: str) -> Channel:
    return cast("Channel", SimpleNamespace(name=name, capabilities=FACTS))


@dataclass
class Watch:
    """A health by a clock that a test moves, and what it is told."""

    client: fakeredis.FakeRedis
    now: float = 1_800_000_000.0
    frozen: bool = False
    own: Mapping[str, BreakerRules] = field(default_factory=dict)
    health: WatchedHealth = field(init=False)

    def __post_init__(self) -> None:
        self.health = WatchedHealth(
            self.client,
            [_provider("a"), _provider("b")],
            now=lambda: self.now,
            cache_for=timedelta(0),
            frozen=self.frozen,
            own=self.own,
        )

    def calls(
        self, good: int, bad: int = 0, *, what: Outcome = FAILED, part: str = "", seconds: float = 0
    ) -> None:
        """One second of traffic by provider a."""
        self.now += 1
        ok = [Call("a", part, OK, 0.0)] * good
        self.health.note([*ok, *[Call("a", part, what, seconds)] * bad])

    def standing(self, name: str = "a") -> Standing:
        return self.health.standings([name]).get(name, Standing(1.0))

    def states(self) -> list[str]:
        return [f"{each.before}→{each.after} {each.share:g}" for each in self.health.shifts()]

    def open(self) -> None:
        """At a traffic of which the probes after the usual cool-down are few."""
        self.calls(0, 40)
        assert self.standing().share == 0

    def told(self, provider: str, arrived: int, lost: int) -> None:
        at = datetime.fromtimestamp(self.now, UTC)
        said = [Confirmation(provider, RANGE, at, True)] * arrived
        self.health.confirm([*said, *[Confirmation(provider, RANGE, at, False)] * lost])

    def sent(self, provider: str, count: int, part: str = RANGE, wait_s: int = 3600) -> Awaited:
        """So many messages are accepted now; their receipts are awaited for an hour."""
        at = datetime.fromtimestamp(self.now, UTC)
        awaited = Awaited(provider, part, at, at + timedelta(seconds=wait_s))
        self.health.expect([awaited] * count)
        return awaited

    def heard(self, awaited: Awaited, arrived: int, lost: int = 0) -> None:
        """Receipts of what was awaited."""
        provider, part, at, _ = awaited
        said = [Confirmation(provider, part, at, True, awaited)] * arrived
        self.health.confirm([*said, *[Confirmation(provider, part, at, False, awaited)] * lost])

    def later(self, minutes: float) -> None:
        self.now += minutes * 60


@pytest.fixture
def watch() -> Iterator[Watch]:
    with fakeredis.FakeRedis() as client:
        yield Watch(client)


def test_everyone_stands_at_one_until_something_is_wrong(watch: Watch) -> None:
    for _ in range(30):
        watch.calls(49, 1)
    assert watch.health.standings(["a", "b"]) == {}
    assert watch.states() == []


@pytest.mark.parametrize("bad", [FAILED, Uncertain("no answer")])
def test_opens_within_seconds_of_a_brown_out(watch: Watch, bad: Outcome) -> None:
    for _ in range(60):
        watch.calls(50)
    for _ in range(4):
        watch.calls(30, 20, what=bad)
    assert watch.standing().share == 0
    assert "of calls failed" in watch.standing().reason
    assert watch.standing("b").share == 1


@pytest.mark.parametrize(("bad", "share"), [(22, 0.0), (18, 1.0)])
def test_a_fifth_of_failures_is_the_limit(watch: Watch, bad: int, share: float) -> None:
    watch.calls(100 - bad, bad)
    assert watch.standing().share == share


def test_opens_for_slowness_alone(watch: Watch) -> None:
    for _ in range(5):
        watch.calls(6, 4, what=OK, seconds=3.0)
    assert "of calls slow" in watch.standing().reason


def test_few_calls_prove_nothing(watch: Watch) -> None:
    watch.calls(0, 4)
    assert watch.standing().share == 1
    watch.later(2)
    watch.calls(0, 4)  # those before lie outside the window
    assert watch.standing().share == 1


def test_little_traffic_is_judged_by_the_long_window(watch: Watch) -> None:
    for _ in range(10):
        watch.now += 4
        watch.calls(0, 1)
    assert watch.standing().share == 0


def test_what_is_not_the_providers_fault_says_nothing_against_it(watch: Watch) -> None:
    for what in (Permanent("no such number", dead_contact=True), Permanent("text"), Unsent("late")):
        watch.calls(0, 50, what=what)
    assert watch.standing().share == 1


def test_rate_limited_halves_the_share_and_opens_nothing(watch: Watch) -> None:
    watch.calls(20, 10, what=BUSY)
    assert watch.standing().share == 0.5
    watch.calls(20, 10, what=BUSY)
    assert watch.standing().share == 0.25
    for _ in range(20):
        watch.calls(10)
    assert watch.standing().share == 1


@pytest.mark.parametrize("what", [BUSY, FAILED])
def test_a_provider_that_asks_for_a_pause_gets_it(watch: Watch, what: Transient) -> None:
    watch.calls(100, 1, what=Transient(what.reason, timedelta(seconds=390)))
    assert watch.standing() == Standing(0.0, "asked to wait 390 s")
    watch.now += 389.5
    assert watch.standing().share == 0
    watch.now += 0.5
    assert watch.standing().probing
    watch.calls(0, 1, what=BUSY)  # "rate limited" is no good probe
    assert watch.standing().share == 0


def test_comes_back_by_probes_and_steps(watch: Watch) -> None:
    watch.open()
    watch.now += 20
    assert watch.standing() == Standing(
        0.01, "cooled down after: 100 % of calls failed", probing=True
    )
    watch.calls(8)
    shares = []
    for _ in range(25):
        shares.append(watch.standing().share)
        watch.calls(10)
    assert sorted(set(shares)) == [0.1, 0.25, 0.5, 1.0]
    assert shares == sorted(shares)
    assert watch.states() == [
        "closed→open 0",
        "open→half_open 0.01",
        "half_open→returning 0.1",
        "returning→returning 0.25",
        "returning→returning 0.5",
        "returning→closed 1",
    ]


def test_a_probe_that_fails_opens_again_for_twice_as_long(watch: Watch) -> None:
    watch.open()
    for cool_down in (20, 40, 80, 160, 300, 300):
        watch.now += cool_down - 0.5
        assert watch.standing().share == 0
        watch.now += 0.5
        assert watch.standing().probing
        watch.calls(7, 1)
        assert watch.standing().share == 0


def test_bad_calls_while_returning_open_again(watch: Watch) -> None:
    watch.open()
    watch.now += 20
    assert watch.standing().probing
    watch.calls(8)
    watch.calls(6, 4)
    assert watch.standing().share == 0


def test_calls_that_began_before_it_opened_are_no_probes(watch: Watch) -> None:
    watch.open()
    watch.now += 20
    assert watch.standing().probing
    watch.calls(0, 5, what=Uncertain("no answer"), seconds=9.0)
    assert watch.standing().probing


def test_comes_back_without_traffic_too(watch: Watch) -> None:
    watch.open()
    watch.now += 20
    assert watch.standing().probing
    watch.calls(8)
    for _ in range(4):
        watch.later(1)
        watch.standing()
    assert watch.standing().share == 1


def test_one_range_falls_without_its_provider(watch: Watch) -> None:
    for _ in range(10):
        watch.calls(45)
        watch.calls(3, 5, part=RANGE)
        watch.calls(45, part="+86130")
    standing = watch.standing()
    assert standing.share == 1
    assert standing.share_for("+8616100000001") == 0
    assert standing.share_for("+8613000000001") == standing.share_for("x@example.com") == 1


def test_what_is_counted_of_a_well_range_does_not_grow(watch: Watch) -> None:
    for _ in range(400):
        watch.calls(1, part=RANGE)
        watch.health.note([Call("a", RANGE, OK, 0.0)])
    assert watch.client.hlen(f"{{health}}:of:a|{RANGE}") < 100
    assert watch.client.hlen("{health}:of:a") < 100
    for _ in range(300):
        watch.later(10)
        watch.told("a", 2, 0)
    assert watch.client.hlen(f"{{health}}:of:a|{RANGE}") < 250


def test_a_range_is_judged_by_its_good_calls_too(watch: Watch) -> None:
    for _ in range(5):
        watch.health.note([Call("a", RANGE, OK, 0.0)] * 10)
        watch.calls(0, 1, part=RANGE)
        watch.calls(20)
    assert watch.standing().share_for("+8616100000001") == 1


def test_poor_delivery_of_one_range(watch: Watch) -> None:
    watch.told("a", 30, 70)
    watch.told("b", 95, 5)
    at = datetime.fromtimestamp(watch.now, UTC)
    watch.health.confirm([Confirmation("a", "+86130", at, True)] * 1000)
    watch.later(11)
    watch.told("a", 0, 1)
    assert watch.standing().share_for("+8616100000001") == 0
    assert watch.standing().share_for("+8613000000001") == 1


def test_poor_delivery_beside_the_other_provider_opens(watch: Watch) -> None:
    watch.told("a", 30, 70)
    watch.told("b", 95, 5)
    watch.later(11)
    watch.told("a", 0, 1)
    assert watch.standing().reason == "30 % delivered, others 95 %"
    figures = json.loads(watch.health.shifts()[0].figures)
    assert (figures["arrived"], figures["told"], figures["others_told"]) == (30, 100, 100)


def test_poor_delivery_of_all_alike_is_not_the_providers(watch: Watch) -> None:
    watch.told("a", 10, 90)
    watch.told("b", 12, 88)
    watch.later(11)
    watch.told("a", 0, 1)
    assert watch.standing().share == 1


def test_next_to_no_delivery_opens_a_provider_without_peer(watch: Watch) -> None:
    watch.told("a", 5, 95)
    watch.later(11)
    watch.told("a", 0, 1)
    assert watch.standing().reason == "5 % delivered"


def test_after_poor_delivery_the_share_grows_only_with_new_confirmations(watch: Watch) -> None:
    watch.told("a", 5, 95)
    watch.later(11)
    old = watch.now
    watch.told("a", 0, 1)
    watch.later(10)
    assert watch.standing().probing
    watch.calls(8)
    for _ in range(100):
        watch.calls(5)
    assert watch.standing().share == 0.1
    watch.now, now = old, watch.now
    watch.told("a", 90, 0)  # sent before it opened: says nothing of the time since
    watch.now = now
    watch.calls(5)
    assert watch.standing().share == 0.1
    watch.told("a", 25, 0)
    watch.calls(5)
    assert watch.standing().share == 0.25


def test_a_provider_that_accepts_all_and_confirms_nothing_is_found(watch: Watch) -> None:
    """The black hole: no call fails, and no receipt says that anything was lost."""
    watch.sent("a", 100)
    good = watch.sent("b", 100)
    watch.heard(good, 95)
    watch.later(59)
    watch.sent("a", 1)
    assert watch.standing().share == 1  # their receipts may still come
    watch.later(8)
    watch.sent("a", 1)
    assert watch.standing().share == 0
    assert watch.standing().reason == "0 % confirmed, others 95 %"
    assert watch.standing("b").share == 1
    (shift,) = watch.health.shifts()
    figures = json.loads(shift.figures)
    assert (figures["silent"], figures["told"], figures["others_told"]) == (100, 100, 100)


def test_a_late_receipt_sets_silence_right(watch: Watch) -> None:
    silent, good = watch.sent("a", 100), watch.sent("b", 100)
    watch.heard(good, 95)
    watch.later(66)
    watch.heard(silent, 90)
    watch.sent("a", 1)
    assert watch.standing().share == 1
    assert watch.client.hvals("{health}:of:a:w").count(b"10") == 1


def test_a_receipt_that_is_quicker_than_its_record_leaves_no_silence(watch: Watch) -> None:
    """Whoever applies receipts does not wait for whoever tells of the sending."""
    watch.heard(watch.sent("b", 100), 95)
    for _ in range(60):
        at = datetime.fromtimestamp(watch.now, UTC)
        watch.heard(Awaited("a", RANGE, at, at + timedelta(hours=1)), 1)
        watch.sent("a", 1)
        watch.later(6)
    assert watch.client.ttl("{health}:of:a") > 0
    watch.later(67)
    watch.sent("a", 1)
    assert watch.standing().share == 1
    assert watch.client.hvals("{health}:of:a:w") == [b"1"]
    watch.heard(Awaited("b", RANGE, at, at + timedelta(hours=1)), 1)
    assert watch.client.ttl("{health}:of:b:w") > 0


def test_a_receipt_of_loss_is_refuted_by_one_of_arrival(watch: Watch) -> None:
    watch.told("a", 30, 70)
    watch.told("b", 95, 5)
    at = datetime.fromtimestamp(watch.now, UTC)
    watch.health.confirm([Confirmation("a", RANGE, at, True, lost_before=True)] * 60)
    watch.later(11)
    watch.told("a", 0, 1)
    assert watch.standing().share == 1


def test_silence_of_one_range_takes_that_range_alone(watch: Watch) -> None:
    watch.heard(watch.sent("a", 300, "+86130"), 290)
    watch.sent("a", 60)
    watch.heard(watch.sent("b", 100), 95)
    watch.later(66)
    watch.sent("a", 1)
    assert watch.standing().share == 1
    assert watch.standing().share_for("+8616100000001") == 0
    assert watch.standing().share_for("+8613000000001") == 1


def test_silence_of_all_alike_is_not_the_providers(watch: Watch) -> None:
    """It is the door by which receipts come: to leave a provider would help nobody."""
    watch.sent("a", 100)
    watch.sent("b", 100)
    watch.later(66)
    watch.sent("a", 1)
    watch.sent("b", 1)
    assert watch.standing().share == watch.standing("b").share == 1


@pytest.mark.parametrize(("confirmed_before", "share"), [(1, 0.0), (0, 1.0)])
def test_one_that_stands_alone_is_blamed_only_if_it_ever_confirmed(
    watch: Watch, confirmed_before: int, share: float
) -> None:
    watch.heard(watch.sent("a", 100), confirmed_before)
    watch.later(66)
    watch.sent("a", 1)
    assert watch.standing().share == share


def test_weights_return_once_messages_are_confirmed_again(watch: Watch) -> None:
    watch.sent("a", 100)
    watch.heard(watch.sent("b", 100), 95)
    watch.later(66)
    watch.sent("a", 1)
    watch.later(10)
    assert watch.standing().probing
    watch.calls(8)
    for _ in range(30):
        watch.heard(watch.sent("a", 5), 5)
        watch.heard(watch.sent("b", 5), 5)
        watch.calls(5)
        watch.now += 1
    assert watch.standing().share == 1
    watch.later(6)  # nor is the old silence held against the range alone
    watch.sent("a", 1)
    assert watch.standing().share_for("+8616100000001") == 1


def test_one_that_stays_silent_opens_again_after_few_messages(watch: Watch) -> None:
    watch.sent("a", 100)
    watch.heard(watch.sent("b", 100), 95)
    watch.later(66)
    watch.sent("a", 1)
    watch.later(10)
    assert watch.standing().probing
    watch.calls(8)
    watch.sent("a", 25)
    assert watch.standing().share == 0.1
    watch.later(70)
    watch.heard(watch.sent("b", 100), 95)
    watch.later(11)
    assert watch.standing().share == 0


@pytest.mark.parametrize(("arrived", "after"), [(1, "closed 1"), (0, "open 0")])
def test_where_traffic_is_low_a_day_of_it_says_enough(
    watch: Watch, arrived: int, after: str
) -> None:
    watch.told("a", 5, 95)
    watch.later(11)
    watch.told("a", 0, 1)
    watch.later(10)
    assert watch.standing().probing
    watch.calls(8)
    for hours in range(0, 28, 2):  # twelve messages a day: never twenty
        assert watch.standing().share == 0.1 or hours > 23
        watch.told("a", arrived, 1 - arrived)
        watch.told("b", 95, 5)
        watch.later(120)
        watch.calls(5)
    ends = [each.partition("→")[2] for each in watch.states()[3:]]
    assert (after in ends, len({"closed 1", "open 0"} & set(ends))) == (True, 1)


def test_a_probe_waits_for_what_became_of_the_last(watch: Watch) -> None:
    watch.open()
    watch.now += 20
    assert watch.health.probe("a", 50) == 1
    watch.now += 2
    assert watch.health.probe("a", 50) == 0
    watch.health.note([Call("a", "", OK, 0.1)])
    assert watch.health.probe("a", 50) == 1
    watch.health.note([Call("a", "", OK, 0.0)])
    assert watch.health.probe("a", 50) == 0  # one a second
    watch.now += 10
    assert watch.health.probe("a", 50) == 1
    watch.now += 10  # of this one nothing is heard any more
    assert watch.health.probe("a", 50) == 1
    assert watch.health.probe("b", 50) == 0  # it is well


def test_a_clock_that_stands_still_brings_it_back_by_results() -> None:
    """In a demo minutes or hours lie between two moments, and none passes within one."""
    with fakeredis.FakeRedis() as client:
        watch = Watch(client, frozen=True)
        watch.open()
        watch.later(60)
        sent, shares = [], []
        for _ in range(60):
            shares.append(watch.standing().share)
            going = watch.health.probe("a", 50) or 1
            sent.append(going)
            watch.health.note([Call("a", "", OK, 0.3)] * going)
        assert sent[:4] == [1, 1, 2, 4]
        assert shares == sorted(shares)
        assert sorted(set(shares)) == [0.01, 0.1, 0.25, 0.5, 1.0]


def test_a_clock_that_stands_still_protects_as_well() -> None:
    with fakeredis.FakeRedis() as client:
        watch = Watch(client, frozen=True)
        watch.open()
        watch.later(60)
        assert watch.health.probe("a", 50) == 1
        assert watch.health.probe("a", 50) == 0
        watch.health.note([Call("a", "", FAILED, 0.3)])
        assert watch.standing().share == 0
        assert watch.health.probe("a", 50) == 0


def test_a_provider_is_judged_by_rules_of_its_own() -> None:
    with fakeredis.FakeRedis() as client:
        patient = BreakerRules(failed_share=0.9, cool_down=timedelta(seconds=60))
        watch = Watch(client, own={"a": patient})
        watch.calls(10, 20)
        watch.health.note([*[Call("b", "", FAILED, 0.0)] * 20, *[Call("b", "", OK, 0.0)] * 10])
        assert (watch.standing().share, watch.standing("b").share) == (1, 0)
        watch.calls(0, 200)
        assert watch.standing().share == 0
        watch.now += 30
        assert (watch.standing().share, watch.standing("b").probing) == (0, True)


def test_every_shift_is_told_once_it_is_forgotten(watch: Watch) -> None:
    watch.open()
    (shift,) = watch.health.shifts()
    assert shift[1:8] == ("a", "", "sms", "closed", "open", 0.0, "100 % of calls failed")
    assert json.loads(shift.figures)["failed"] == 40
    assert watch.health.shifts() == [shift]
    watch.health.forget([shift])
    assert watch.health.shifts() == []


def test_workers_share_what_they_know(watch: Watch) -> None:
    other = Watch(watch.client, watch.now)
    for _ in range(10):
        watch.calls(0, 1)
        other.calls(0, 1)
    assert other.standing().share == watch.standing().share == 0


def test_the_standing_is_asked_once_in_a_while(watch: Watch) -> None:
    hour = timedelta(hours=1)
    slow = WatchedHealth(watch.client, [_provider("a")], now=lambda: watch.now, cache_for=hour)
    assert slow.standings(["a"]) == {}
    watch.open()
    assert slow.standings(["a"]) == {}


def test_a_clock_in_a_redis_that_is_away_raises_nothing(watch: Watch) -> None:
    def away() -> datetime:
        raise redis.ConnectionError

    health = WatchedHealth(watch.client, [_provider("a")], business=away)
    health.note([Call("a", "", FAILED, 0.1)] * 50)
    assert health.standings(["a"]) == {}


def test_the_servers_clock_serves_too() -> None:
    with fakeredis.FakeRedis() as client:
        health = WatchedHealth(client, [_provider("a")], cache_for=timedelta(0))
        health.note([Call("a", RANGE, FAILED, 0.1)] * 20)
        assert health.standings(["a"])["a"].share == 0
        assert health.shifts()[0].business_at is None


def test_without_redis_everyone_stands_at_one() -> None:
    server = fakeredis.FakeServer()
    server.connected = False
    with fakeredis.FakeRedis(server=server) as client:
        health = WatchedHealth(client, [_provider("a")])
        health.note([Call("a", "", FAILED, 0.1)] * 50)
        health.confirm([Confirmation("a", "", datetime.now(UTC), False)])
        assert health.standings(["a"]) == {}
        assert health.shifts() == []
        health.forget([])


def test_a_moment_without_redis_lets_nobody_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all went to a dead provider meanwhile, and its channel's incident ended."""
    server = fakeredis.FakeServer()
    with fakeredis.FakeRedis(server=server) as client:
        watch = Watch(client)
        watch.open()
        server.connected = False
        assert watch.standing().share == 0
        monkeypatch.setattr("channels.breaker.REMEMBERED", timedelta(0))
        assert watch.standing().share == 1


def test_a_redis_that_is_away_is_not_asked_by_each_gate() -> None:
    asked = []

    def script(**_: object) -> object:
        asked.append(1)
        raise redis.ConnectionError

    client = SimpleNamespace(register_script=lambda text: script)
    health = WatchedHealth(cast("redis.Redis", client), [], cache_for=timedelta(0))
    for _ in range(5):
        assert health.standings(["a"]) == {}
        health.note([Call("a", "", FAILED, 0.1)])
    assert len(asked) == 1


def test_what_an_outcome_says() -> None:
    assert kind_of(OK, 0.1, 2) == "o"
    assert kind_of(OK, 2.0, 2) == "s"
    assert kind_of(BUSY, 0.1, 2) == kind_of(Transient("rate_limited"), 0.1, 2) == "b"
    assert kind_of(Transient("number_limit"), 0.1, 2) is None
    assert kind_of(Transient("greylisted at rcpt", timedelta(minutes=5)), 0.1, 2) is None
    assert kind_of(FAILED, 9, 2) == "f"
    assert kind_of(Unsent("late"), 9, 2) is None
    assert slow_after(FACTS) == 2
