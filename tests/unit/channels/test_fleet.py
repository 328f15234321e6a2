"""Which provider takes a message, and how many tokens of each a claim gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.budget import FREE_AGAIN, Short
from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.fleet import Budget, Fleet
from channels.health import Call, Standing, Unwatched
from channels.pacing import Grant
from channels.routing import Candidate, pick
from reminders.domain.outcome import Accepted, Transient

FACTS = Capabilities(
    "sms", Confirms.DELIVERED, True, WhenUncertain.ASK, 100.0, 50, timedelta(seconds=10)
)
NUMBERS = ("+8616112345678", "+14155550100", "x@example.com")
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        name=st.sampled_from("abcdef"),
        capabilities=st.builds(
            lambda weight, prefixes, cost: replace(
                FACTS, weight=weight, prefixes=prefixes, cost_minor=cost
            ),
            st.sampled_from([0.0, 0.5, 1.0, 3.0]),
            st.sampled_from([(), ("+86",), ("+1", "+44")]),
            st.integers(0, 9),
        ),
        share=st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]),
        failed=st.booleans(),
        tokens=st.integers(0, 2),
        probing=st.booleans(),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda each: each.name,
)


def _serves(each: Candidate, address: str) -> bool:
    prefixes = each.capabilities.prefixes
    return not prefixes or address.startswith(prefixes)


@settings(max_examples=200, deadline=None)
@given(CANDIDATES, st.sampled_from(NUMBERS), st.integers(0, 2**128), st.booleans())
def test_the_one_picked_breaks_no_rule_that_another_keeps(
    candidates: list[Candidate], address: str, draw: int, probes: bool
) -> None:
    name = pick(candidates, address, draw, probes=probes)
    assert pick(candidates, address, draw, probes=probes) == name
    (chosen,) = [each for each in candidates if each.name == name]
    serving = [each for each in candidates if _serves(each, address)]
    assert chosen in (serving or candidates)
    fresh = [each for each in serving or candidates if not each.failed]
    assert not fresh or not chosen.failed
    sound = [each for each in fresh or serving or candidates if each.share > 0]
    assert not sound or chosen.share > 0
    weighty = [each for each in sound if each.tokens and each.capabilities.weight]
    if [each for each in weighty if not each.probing] and not chosen.probing:
        assert chosen.capabilities.weight > 0


@given(st.integers(0, 2**32))
def test_weights_are_honoured_over_many_draws(start: int) -> None:
    candidates = [
        Candidate("a", replace(FACTS, weight=3), 1.0),
        Candidate("b", replace(FACTS, weight=1), 1.0),
        Candidate("half", replace(FACTS, weight=2), 0.5),
        Candidate("backup", replace(FACTS, weight=0), 1.0),
    ]
    step = 2**61 - 1
    drawn = Counter(pick(candidates, "+86", start + n * step) for n in range(2000))
    assert drawn["backup"] == 0
    for name, share in (("a", 0.6), ("b", 0.2), ("half", 0.2)):
        assert drawn[name] / 2000 == pytest.approx(share, abs=0.03)


def test_the_cheapest_backup_takes_over() -> None:
    dear, cheap = (replace(FACTS, weight=0, cost_minor=cost) for cost in (5, 2))
    down = Candidate("a", FACTS, 0.0)
    assert pick([down, Candidate("b", dear, 1.0), Candidate("c", cheap, 1.0)], "+86", 7) == "c"


def test_a_probe_goes_first_and_only_as_a_probe() -> None:
    pair = [Candidate("a", FACTS, 1.0), Candidate("b", FACTS, 0.01, probing=True)]
    assert {pick(pair, "+86", draw, probes=True) for draw in range(50)} == {"b"}
    assert {pick(pair, "+86", draw) for draw in range(0, 10**6, 10**4)} == {"a"}


@dataclass
class Purse:
    """Pacing with a fixed number of tokens per bucket; none that is not named."""

    tokens: dict[str, int]
    wait: timedelta = timedelta(seconds=1)
    held: dict[str, timedelta] = field(default_factory=dict)

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        assert wanted > 0
        granted = min(wanted, self.tokens.get(key, 0))
        self.tokens[key] = self.tokens.get(key, 0) - granted
        return Grant(granted, self.wait if granted < wanted else timedelta(0))

    def hold(self, key: str, for_: timedelta) -> None:
        self.held[key] = for_


class Known(Unwatched):
    """Standings, and how many probes there are, as a test says."""

    def __init__(
        self, standings: Mapping[str, Standing], probes: Mapping[str, int] | None = None
    ) -> None:
        self.standing = dict(standings)
        self.probes = dict(probes or {})
        self.noted: list[Call] = []

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        return self.standing

    def note(self, calls: Collection[Call]) -> None:
        self.noted.extend(calls)

    def probe(self, provider: str, wanted: int) -> int:
        granted = min(wanted, self.probes.get(provider, 0))
        self.probes[provider] = self.probes.get(provider, 0) - granted
        return granted


class Provider:
    """A provider that only stands there."""

    def __init__(self, name: str, weight: float = 1.0, channel: str = "sms") -> None:
        self.name = name
        self.capabilities = replace(FACTS, weight=weight, channel=channel)


def _without_calls(
    providers: Sequence[Provider], purse: Purse, known: Known | None = None, *, holds: bool = True
) -> Fleet:
    return Fleet(providers, purse, known, holds=holds)  # type: ignore[arg-type]  # no calls


def _fleet(
    weights: Mapping[str, float],
    purse: Purse,
    standings: Mapping[str, Standing] | None = None,
    probes: Mapping[str, int] | None = None,
) -> Fleet:
    providers = [Provider(name, weight) for name, weight in weights.items()]
    known = Known(standings or {}, probes)
    return _without_calls(providers, purse, known)


def test_small_claims_honour_weights_too() -> None:
    purse = Purse({"a": 10_000, "b": 10_000})
    fleet = _fleet({"a": 3, "b": 1}, purse)
    sums: Counter[str] = Counter()
    for _ in range(400):
        budget = fleet.reserve("sms", 1)
        assert budget.total == 1
        sums.update(budget.left)
    assert sums["a"] == pytest.approx(300, abs=5)


@settings(max_examples=100, deadline=None)
@given(
    weights=st.dictionaries(st.sampled_from("abcd"), st.sampled_from([0.0, 1.0, 3.0]), min_size=1),
    shares=st.dictionaries(st.sampled_from("abcd"), st.sampled_from([0.0, 0.5])),
    tokens=st.dictionaries(st.sampled_from("abcd"), st.integers(0, 60)),
    wanted=st.integers(1, 50),
)
def test_a_budget_is_never_more_than_wanted_and_uses_what_there_is(
    weights: dict[str, float], shares: dict[str, float], tokens: dict[str, int], wanted: int
) -> None:
    standings = {name: Standing(share) for name, share in shares.items()}
    fleet = _fleet(weights, Purse(dict(tokens), timedelta(minutes=1)), standings)
    budget = fleet.reserve("sms", wanted)
    up = [name for name in weights if shares.get(name, 1.0) > 0]
    if not up:
        assert budget == Budget({"": wanted})
        return
    assert set(budget.left) <= set(up)
    assert budget.total == min(wanted, sum(tokens.get(name, 0) for name in up))
    assert (budget.retry_after > timedelta(0)) is (budget.total < wanted)


def test_no_more_go_at_once_than_a_provider_has_connections() -> None:
    """What one cannot carry the others do, or it waits: nothing is late by us alone."""
    fleet = _fleet({"a": 3, "b": 1}, Purse({"a": 999, "b": 999}))
    budget = fleet.reserve("sms", 100, {"a": 45})
    assert budget.left == {"a": 5, "b": 50}
    assert fleet.reserve("sms", 20, {"a": 50}).left == {"b": 20}
    assert fleet.reserve("sms", 20, {"a": 50, "b": 60}).total == 0


def test_one_with_calls_under_way_is_not_kept_waiting_for_one_that_asked_to_wait() -> None:
    """The first call that ends makes room: a lane that slept for as long as the other asks would
    leave it idle, and its answers unread."""
    fleet = _fleet({"a": 1, "b": 1}, Purse({"a": 999}, timedelta(minutes=1)))
    budget = fleet.reserve("sms", 20, {"a": 50})
    assert (budget.total, budget.retry_after) == (0, timedelta(0))
    budget = fleet.reserve("sms", 20)
    assert budget.left == {"a": 20, "b": 0}


def test_a_backup_waits_as_long_as_the_others_soon_can() -> None:
    soon = _fleet({"a": 1, "b": 0}, Purse({"b": 10}))
    assert soon.reserve("sms", 5).total == 0
    late = _fleet({"a": 1, "b": 0}, Purse({"b": 10}, timedelta(seconds=30)))
    assert late.reserve("sms", 5).left["b"] == 5


def test_one_that_is_probed_gets_its_probes_and_no_more() -> None:
    probed = {"b": Standing(0.01, "cooled down", probing=True)}
    fleet = _fleet({"a": 1, "b": 1}, Purse({"a": 99, "b": 99}), probed, {"b": 2})
    budget = fleet.reserve("sms", 20)
    assert budget.left == {"a": 18, "b": 2}
    assert (budget.probed, budget.most(20)) == ("", 20)
    chosen = [fleet.choose("sms", "+86", draw, budget=budget).name for draw in range(20)]
    assert Counter(chosen) == {"a": 18, "b": 2}


def test_one_that_returns_is_given_less_and_slower() -> None:
    asked: list[tuple[str, float, int]] = []

    class Seen(Purse):
        def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
            asked.append((key, rate_per_s, burst))
            return super().take(key, rate_per_s, burst, wanted)

    _fleet({"a": 1}, Seen({"a": 99}), {"a": Standing(0.1)}).reserve("sms", 5)
    assert asked == [("a", 10.0, 5)]


def test_where_all_are_probed_what_is_no_probe_is_decided_on_all_the_same() -> None:
    """It finds the channel down and goes on: waiting for probes would pile it up."""
    probed = {name: Standing(0.01, "cooled down", probing=True) for name in "ab"}
    fleet = _fleet({"a": 1, "b": 1}, Purse({"a": 9}), probed, {"a": 1, "b": 1})
    assert fleet.down() == {}
    assert fleet.probed() == {"sms"}
    budget = fleet.reserve("sms", 20)
    assert (budget.left, budget.probed, budget.most(20)) == ({"a": 1, "b": 1}, "sms", 20)
    budget = fleet.reserve("sms", 20)
    assert (budget.total, budget.probed, budget.most(20)) == (0, "sms", 20)


def test_a_channel_is_not_only_probed_while_one_of_it_takes_more() -> None:
    probed = {"a": Standing(0.01, probing=True), "b": Standing(0.1)}
    assert _fleet({"a": 1, "b": 1}, Purse({}), probed).probed() == set()
    down = {"a": Standing(0.01, probing=True), "b": Standing(0.0)}
    assert _fleet({"a": 1, "b": 1}, Purse({}), down).probed() == {"sms"}


def test_a_channel_is_down_when_none_takes_anything() -> None:
    standings = {"a": Standing(0.0, "60 % of calls failed"), "b": Standing(0.0, "asked to wait")}
    fleet = _fleet({"a": 1, "b": 1}, Purse({}), standings)
    assert fleet.down() == {"sms": "60 % of calls failed"}
    del standings["b"]
    assert _fleet({"a": 1, "b": 1}, Purse({}), standings).down() == {}


def test_a_provider_of_other_numbers_takes_none_of_these_ranges() -> None:
    standings = {"a": Standing(1.0, ranges={"+86161": 0.0})}
    fleet = _fleet({"a": 1, "b": 1}, Purse({}), standings)
    names = {fleet.choose("sms", "+8616112345678", draw * 7919).name for draw in range(200)}
    assert names == {"b"}
    names = {fleet.choose("sms", "+8613012345678", draw * 7919).name for draw in range(200)}
    assert names == {"a", "b"}


def _of_length(**most: int | None) -> Fleet:
    """Providers by name, with the longest text that each takes."""
    providers = [Provider(name) for name in most]
    for each in providers:
        each.capabilities = replace(each.capabilities, max_chars=most[each.name])
    return _without_calls(providers, Purse({}))


@pytest.mark.parametrize(
    ("length", "names"),
    [(0, {"a", "b", "c"}), (500, {"a", "b", "c"}), (501, {"b", "c"}), (1601, {"c"})],
)
def test_a_provider_takes_no_longer_text_than_it_carries(length: int, names: set[str]) -> None:
    fleet = _of_length(a=500, b=1600, c=None)
    chosen = {fleet.choose("sms", "+86", n * 7919, length=length).name for n in range(200)}
    assert chosen == names
    # However it stands, and also where the others have just failed this message.
    again = {fleet.choose("sms", "+86", n, avoid=names, length=length).name for n in range(200)}
    assert again <= names
    assert set(fleet.too_short("sms", length)) == {"a", "b", "c"} - names


def test_what_nobody_carries_is_told_with_the_most_that_each_does() -> None:
    fleet = _of_length(a=500, b=1600)
    assert fleet.too_short("sms", 1601) == {"a": 500, "b": 1600}
    assert fleet.too_short("email", 1601) == {}


def _of_prefixes(standings: Mapping[str, Standing]) -> Fleet:
    """Two providers: `a` serves +86 and carries 500 characters, `b` all other numbers."""
    a, b = Provider("a"), Provider("b")
    a.capabilities = replace(a.capabilities, prefixes=("+86",), max_chars=500)
    b.capabilities = replace(b.capabilities, prefixes=("+1", "+44"))
    return _without_calls([a, b], Purse({}), Known(standings))


def test_a_text_is_too_long_where_those_that_serve_its_number_carry_less() -> None:
    fleet = _of_prefixes({})
    assert fleet.too_long("sms", "+8616112345678", 501) == 500
    assert fleet.too_long("sms", "+8616112345678", 500) == 0
    assert fleet.too_long("sms", "+14155550100", 501) == 0
    assert _of_length(a=500, b=1600).too_long("sms", "+86", 1601) == 1600
    assert fleet.too_long("email", "li@example.com", 10**6) == 0


@pytest.mark.parametrize(
    ("number", "length", "why"),
    [("+8616112345678", 1, "a: failed"), ("+14155550100", 1, ""), ("+14155550100", 501, "")],
)
def test_a_channel_is_closed_to_whom_only_the_one_that_is_down_serves(
    number: str, length: int, why: str
) -> None:
    fleet = _of_prefixes({"a": Standing(0.0, "failed")})
    assert fleet.down() == {}
    assert not fleet.takes_all("sms")
    assert fleet.closed_to("sms", number, length) == why


def test_a_channel_is_closed_to_a_text_that_only_the_one_that_is_down_carries() -> None:
    providers = [Provider("a"), Provider("b")]
    providers[0].capabilities = replace(FACTS, max_chars=500)
    known = Known({"b": Standing(0.0, "failed")})
    fleet = _without_calls(providers, Purse({}), known)
    assert fleet.closed_to("sms", "+86", 501) == "b: failed"
    assert fleet.closed_to("sms", "+86", 500) == ""


def test_what_one_provider_alone_takes_goes_by_a_token_of_its_own() -> None:
    a, b = Provider("a"), Provider("b")
    a.capabilities = replace(a.capabilities, prefixes=("+86",), rate_per_s=10)
    purse = Purse({"a": 1, "b": 9})
    fleet = _without_calls([a, b], purse)
    others = Budget({"b": 5})
    assert fleet.may_lack("sms", others)
    assert not fleet.may_lack("sms", Budget({"a": 1, "b": 5}))
    assert not _of_length(a=5, b=5).may_lack("sms", others)
    assert not _without_calls([a, b], purse, holds=False).may_lack("sms", others)
    assert fleet.lacks("sms", NUMBERS[0], 1, Budget({"a": 1})) is None
    assert fleet.lacks("sms", NUMBERS[1], 1, others) is None
    b.capabilities = replace(b.capabilities, prefixes=("+1",))
    assert fleet.lacks("sms", NUMBERS[0], 1, others) is None
    assert others.left == {"a": 1, "b": 5}  # one more was there
    others.spend("a")
    tenth = timedelta(seconds=0.1)
    assert fleet.lacks("sms", NUMBERS[0], 1, others) == Short(purse.wait, tenth)


def test_what_one_provider_alone_takes_waits_for_one_of_its_connections() -> None:
    a, b = Provider("a"), Provider("b")
    facts = replace(a.capabilities, concurrency=5, rate_per_s=10)
    a.capabilities = replace(facts, prefixes=("+86",))
    b.capabilities = replace(facts, prefixes=("+1",))
    purse = Purse({"a": 9, "b": 9})
    fleet = _without_calls([a, b], purse)
    budget = fleet.reserve("sms", 4, {"a": 2})
    assert budget.room == {"a": 3 - budget.left["a"], "b": 5 - budget.left["b"]}
    taken = budget.left["a"]
    budget.left["a"] = 0  # all under way
    for more in range(3 - taken):
        assert fleet.lacks("sms", NUMBERS[0], 1, budget) is None, more
        budget.spend("a")
    short = fleet.lacks("sms", NUMBERS[0], 1, budget)
    assert short == Short(FREE_AGAIN, timedelta(seconds=0.1))


def test_one_that_is_probed_takes_what_only_it_serves_where_it_has_a_token_for_it() -> None:
    fleet = _of_prefixes({"a": Standing(0.01, "cooled down", probing=True)})
    assert fleet.closed_to("sms", NUMBERS[0], 1, {}) == "a: cooled down"
    assert fleet.closed_to("sms", NUMBERS[0], 1, {"a": 1}) == ""
    assert fleet.closed_to("sms", NUMBERS[0], 1, None) == ""


def test_a_range_that_no_provider_reaches_is_closed_and_no_other() -> None:
    ranges = {"+86161": 0.0}
    fleet = _fleet(
        {"a": 1, "b": 1}, Purse({}), {n: Standing(1.0, ranges=ranges) for n in ("a", "b")}
    )
    assert fleet.closed_to("sms", "+8616112345678", 1) == "a: not to this range of numbers"
    assert fleet.closed_to("sms", "+8613012345678", 1) == ""
    assert _fleet({"a": 1}, Purse({})).takes_all("sms")


def test_calls_are_counted_and_retry_after_is_kept() -> None:
    purse = Purse({})
    fleet = _fleet({"a": 1}, purse)
    calls = [
        Call("a", "", Accepted("r"), 0.1),
        Call("a", "", Transient("rate limited", timedelta(seconds=3)), 0.1),
        Call("a", "", Transient("rate limited", timedelta(seconds=2)), 0.1),
        Call("a", "", Transient("gateway 503"), 0.1),
    ]
    fleet.note(calls)
    assert purse.held == {"a": timedelta(seconds=3)}
    assert isinstance(fleet.health, Known)
    assert fleet.health.noted == calls
