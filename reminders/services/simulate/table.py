"""A run's figures as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table

Figures = dict[str, Any]  # Any: JSON
_MOST_RULES = 12


def tables(told: Figures) -> Iterator[Table]:
    """The summary, and then the rules that held messages back."""
    yield _summary(told)
    if "fidelity" in told:
        yield _fidelity(told["fidelity"])
    yield _rules(told)


def columns(told: Figures) -> list[Figures]:
    """The candidate, and the live policy where there is one."""
    return [told["candidate"], *([told["live"]] if "live" in told else [])]


def _summary(told: Figures) -> Table:
    sides = columns(told)
    model = told["model"]
    table = Table(
        title=f"Simulation over {told['source']}",
        caption=f"{model['name']}, seed {model['seed']}: {model['note']}",
        title_style="bold",
    )
    table.add_column("")
    for each in sides:
        table.add_column(each["policy"], justify="right")
    if len(sides) > 1:
        table.add_column("difference", justify="right")
    for section in (_overall(told), _by("channels", told), _tiers(told), _time(told)):
        for label, values in section:
            table.add_row(label, *values)
        table.add_section()
    return table


Rows = Iterator[tuple[str, list[str]]]


def _overall(told: Figures) -> Rows:
    sides = columns(told)
    yield _row("customers", [each["customers"] for each in sides], told)
    yield _row("… who got a message", [each["customers_messaged"] for each in sides], told)
    if "difference" in told:
        difference = told["difference"]
        yield "… newly reached", ["", "", f"{difference['customers_newly_reached']:,}"]
        yield "… no longer reached", ["", "", f"{difference['customers_no_longer_reached']:,}"]
    yield _row("bills", [each["bills"] for each in sides], told)
    yield _row("… open on their due date", [each["bills_open_at_due"] for each in sides], told)
    for what in ("reached", "read"):
        shares = [each[f"{what}_before_due"] for each in sides]
        more = [f"{(shares[0] - shares[1]) * 100:+.2f} pp"] if len(shares) > 1 else []
        yield f"… of these {what} before it", [*(f"{share:.2%}" for share in shares), *more]
    yield _row("messages", [each["messages"] for each in sides], told)
    costs = [each["cost_minor"] / 100 for each in sides]
    change = [f"{costs[0] - costs[1]:+,.2f}"] if len(costs) > 1 else []
    currency = told["model"]["currency"]
    yield f"cost ({currency})", [*(f"{cost:,.2f}" for cost in costs), *change]
    yield _row("caps hit", [each["cap_hits"] for each in sides], told)


def _by(what: str, told: Figures) -> Rows:
    sides = columns(told)
    for name in sorted({name for each in sides for name in each[what]}):
        counts = [each[what].get(name, {}).get("messages", 0) for each in sides]
        yield _row(f"messages by {name}", counts, told)


def _tiers(told: Figures) -> Rows:
    """Fairness: how hard each tier is contacted."""
    sides = columns(told)
    for tier in sides[0]["tiers"]:
        rates = [each["tiers"][tier]["messages_per_bill"] for each in sides]
        people = [each["tiers"][tier]["messages_per_customer"] for each in sides]
        shown = [f"{rate:.2f} / {person:.2f}" for rate, person in zip(rates, people, strict=True)]
        change = [f"{rates[0] - rates[1]:+.2f}"] if len(rates) > 1 else []
        yield f"{tier}: messages per bill / customer", [*shown, *change]


def _time(told: Figures) -> Rows:
    sides = columns(told)
    empty = [""] * (len(sides) > 1)
    for span, word in (("peak_hour", "busiest hour"), ("peak_minute", "busiest minute")):
        peaks = [each["load"][span] for each in sides]
        shown = [f"{peak['messages']:,} ({peak['per_s']}/s)" if peak else "-" for peak in peaks]
        yield word, [*shown, *empty]
    hours = [round(sum(each["deferred_hours"].values())) for each in sides]
    yield _row("hours deferred", hours, told)
    best = [round(each["deferred_hours"].get("send_time", 0)) for each in sides]
    yield _row("… for the best hour", best, told)
    yield "hash", [*(each["hash"][:16] for each in sides), *empty]
    rate = f"{told['decisions']:,} in {told['seconds']:.1f} s"
    yield "decisions", [rate, *[""] * (len(sides) - 1), *empty]
    per_core = f"{told['decisions_per_cpu_s']:,.0f} per CPU second"
    yield "", [per_core, *[""] * (len(sides) - 1), *empty]


def _row(label: str, counts: list[int], told: Figures) -> tuple[str, list[str]]:
    shown = [f"{count:,}" for count in counts]
    if len(counts) > 1:
        shown.append(f"{counts[0] - counts[1]:+,}")
    return label, shown


def _fidelity(told: Figures) -> Table:
    """How far the replay of the live policy is what live really did."""
    table = Table(title="Fidelity of the replay of the live policy", title_style="bold")
    for name in ("attempts of live", "reproduced", "share", "in the same minute", "only in replay"):
        table.add_column(name, justify="right")
    counts = [told[key] for key in ("live_attempts", "reproduced")]
    table.add_row(
        *(f"{count:,}" for count in counts),
        f"{told['share']:.2%}",
        f"{told['same_minute']:,}",
        f"{told['only_in_replay']:,}",
    )
    return table


def _rules(told: Figures) -> Table:
    """Which rules held messages back, the most frequent first."""
    sides = columns(told)
    table = Table(title="What held messages back", title_style="bold")
    for name in ("outcome", "reason", "rule", "source"):
        table.add_column(name, overflow="fold")
    for each in sides:
        table.add_column(each["policy"], justify="right")
    counts: dict[tuple[str, str, str, str], list[int]] = {}
    for index, side in enumerate(sides):
        for held in side["held_back"]:
            key = (held["outcome"], held["reason"], held["rule"], held["cite"])
            counts.setdefault(key, [0] * len(sides))[index] = held["count"]
    ordered = sorted(counts.items(), key=lambda item: (-max(item[1]), item[0]))
    for key, found in ordered[:_MOST_RULES]:
        table.add_row(*key, *(f"{count:,}" for count in found))
    return table
