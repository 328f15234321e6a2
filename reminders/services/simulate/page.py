"""A run's figures as one page: style, charts and tables, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from html import escape
from typing import Any

from reminders.services.simulate.charts import Series, bars, legend, stacked
from reminders.services.simulate.page_style import STYLE
from reminders.services.simulate.table import columns

Figures = dict[str, Any]  # Any: JSON
_CHANNEL_STYLES = ("c1", "c2", "c3", "c4", "c5")
_MOST_RULES = 12


def page(told: Figures) -> str:
    """The whole page."""
    sides = columns(told)
    title = " against ".join(each["policy"] for each in sides)
    sections = "".join(
        (
            _tiles(told),
            _load(told),
            _channels(told),
            _tiers(told),
            _rules(told),
            _customers(told),
            _lender_caps(told),
            _changed(told),
            _fidelity(told),
            _run(told),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>Simulation: {escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<header><h1>{escape(title)}</h1>{_intro(told)}</header>{sections}</main></body></html>\n"
    )


def _intro(told: Figures) -> str:
    model = told["model"]
    return (
        f"<p>{told['customers']:,} customers and {told['bills']:,} bills of"
        f" {escape(told['source'])}, played in virtual time. Nothing was sent.</p>"
        f'<p class="note"><strong>Simulated:</strong> {escape(model["note"])}'
        f" ({escape(model['name'])}, seed {model['seed']}). Whether and when a message is sent is"
        " decided by the same functions as in the running system; what became of it is assumed.</p>"
    )


def _tiles(told: Figures) -> str:
    sides = columns(told)
    costs = [each["cost_minor"] / 100 for each in sides]
    shares = [each["reached_before_due"] * 100 for each in sides]
    read = [each["read_before_due"] * 100 for each in sides]
    hours = [each["deferred_hours"].get("send_time", 0.0) for each in sides]
    tiles = (
        ("messages", [each["messages"] for each in sides], ",.0f", ""),
        (f"cost, {told['model']['currency']}", costs, ",.0f", ""),
        ("reached before due", shares, ".1f", " %"),
        ("read before due", read, ".1f", " %"),
        ("hours deferred for the best hour", hours, ",.0f", ""),
        ("customers with a message", [each["customers_messaged"] for each in sides], ",.0f", ""),
        ("caps hit", [each["cap_hits"] for each in sides], ",.0f", ""),
    )
    return f'<section class="tiles">{"".join(_tile(*tile) for tile in tiles)}</section>'


def _tile(name: str, values: Sequence[float], form: str, unit: str) -> str:
    beside = ""
    if len(values) > 1:
        difference = values[0] - values[1]
        more = " pp" if unit == " %" else unit
        beside = f"<small>{difference:+{form}}{more} against {values[1]:{form}}{unit}</small>"
    return f"<div><span>{escape(name)}</span><b>{values[0]:{form}}{unit}</b>{beside}</div>"


def _sides(told: Figures) -> list[Series]:
    return [
        Series(each["policy"], style, ())
        for each, style in zip(columns(told), ("own", "other"), strict=False)
    ]


def _load(told: Figures) -> str:
    sides = columns(told)
    days = list(_days([each["load"]["days"] for each in sides]))
    own = sides[0]["load"]["days"]
    names = list(sides[0]["channels"])
    layers = [
        Series(name, style, [own.get(day, {}).get(name, 0) for day in days])
        for name, style in zip(names, _CHANNEL_STYLES, strict=False)
    ]
    line = None
    if len(sides) > 1:
        other = sides[1]["load"]["days"]
        totals = [sum(other.get(day, {}).values()) for day in days]
        line = Series(f"{sides[1]['policy']}, all channels", "mark", totals)
    shown = [*layers, line] if line else layers
    peak = sides[0]["load"]["peak_minute"]
    busiest = "No message."
    if peak:
        busiest = f"Busiest minute: {peak['messages']:,} messages at {peak['at'][:16]}Z."
    chart = stacked(days, layers, line, "Messages per day") if days else ""
    return _section("Messages day by day (UTC)", legend(shown) + chart + f"<p>{busiest}</p>")


def _days(loads: Sequence[Figures]) -> Iterator[str]:
    """Every day from the first message to the last, quiet ones too."""
    told = sorted({day for load in loads for day in load})
    if not told:
        return
    day, last = date.fromisoformat(told[0]), date.fromisoformat(told[-1])
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def _channels(told: Figures) -> str:
    sides, series = columns(told), _sides(told)
    names = sorted({name for each in sides for name in each["channels"]})
    nothing = {"messages": 0, "cost_minor": 0}
    found = {name: [each["channels"].get(name, nothing) for each in sides] for name in names}
    messages = {name: [each["messages"] for each in row] for name, row in found.items()}
    cost = {name: [each["cost_minor"] / 100 for each in row] for name, row in found.items()}
    return _section(
        "By channel",
        legend(series)
        + "<h3>Messages</h3>"
        + bars(messages, series, "Messages by channel", ",.0f")
        + f"<h3>Cost, {escape(told['model']['currency'])}</h3>"
        + bars(cost, series, "Cost by channel", ",.2f"),
    )


def _tiers(told: Figures) -> str:
    sides, series = columns(told), _sides(told)
    rows = {
        tier: [each["tiers"][tier]["messages_per_bill"] for each in sides]
        for tier in sides[0]["tiers"]
    }
    people = {
        tier: [each["tiers"][tier]["messages_per_customer"] for each in sides]
        for tier in sides[0]["tiers"]
    }
    return _section(
        "Contact intensity by tier",
        "<p>How hard each tier is contacted: a bill or a customer counts in each tier it was"
        " judged in.</p>"
        + legend(series)
        + "<h3>Messages per bill</h3>"
        + bars(rows, series, "Messages per bill by tier", ".2f")
        + "<h3>Messages per customer</h3>"
        + bars(people, series, "Messages per customer by tier", ".2f"),
    )


def _rules(told: Figures) -> str:
    sides, series = columns(told), _sides(told)
    counts: dict[str, list[float]] = {}
    for index, side in enumerate(sides):
        for held in side["held_back"]:
            cite = f" ({held['cite']})" if held["cite"] else ""
            name = f"{held['outcome']}: {held['reason']}, {held['rule']}{cite}"
            counts.setdefault(name, [0.0] * len(sides))[index] += held["count"]
    ordered = sorted(counts.items(), key=lambda item: (-max(item[1]), item[0]))
    hours = {
        reason: [each["deferred_hours"].get(reason, 0.0) for each in sides]
        for reason in sorted({name for each in sides for name in each["deferred_hours"]})
    }
    return _section(
        "What held messages back",
        legend(series)
        + bars(dict(ordered[:_MOST_RULES]), series, "Decisions by rule", ",.0f")
        + "<h3>Hours deferred</h3>"
        + bars(hours, series, "Hours deferred by reason", ",.0f"),
    )


def _customers(told: Figures) -> str:
    sides, series = columns(told), _sides(told)
    bins = sides[0]["messages_per_customer"]
    rows = {name: [each["messages_per_customer"][name] for each in sides] for name in bins}
    chart = bars(rows, series, "Customers by number of messages", ",.0f")
    return _section("Customers by number of messages", legend(series) + chart)


def _lender_caps(told: Figures) -> str:
    rows = [
        [each["policy"], cap["cap"], cap["limit"], cap["fullest_window"], cap["would_not_fit"]]
        for each in columns(told)
        for cap in each["lender_caps"]
    ]
    if not rows:
        return ""
    names = ("policy", "cap", "limit", "fullest window", "would not fit")
    return _section(
        "Lender-wide caps",
        "<p>Judged afterwards and not enforced here: customers are played one by one.</p>"
        + _table(names, rows),
    )


def _changed(told: Figures) -> str:
    if "difference" not in told:
        return ""
    difference = told["difference"]
    rows = [
        ["newly reached", difference["customers_newly_reached"]],
        ["no longer reached", difference["customers_no_longer_reached"]],
        ["with more messages", difference["customers_with_more_messages"]],
        ["with fewer messages", difference["customers_with_fewer_messages"]],
    ]
    lists = "".join(
        f"<details><summary>{word}: the first {len(difference[name])}</summary>"
        f"<p>{escape(', '.join(difference[name]))}</p></details>"
        for word, name in (
            ("Newly reached", "newly_reached"),
            ("No longer reached", "no_longer_reached"),
        )
        if difference[name]
    )
    return _section("Customers that change", _table(("customers", "count"), rows) + lists)


def _fidelity(told: Figures) -> str:
    if "fidelity" not in told:
        return ""
    rows = [[name.replace("_", " "), value] for name, value in told["fidelity"].items()]
    return _section(
        "Fidelity",
        "<p>How much of what the live policy really did its replay reproduces.</p>"
        + _table(("attempts", ""), rows),
    )


def _run(told: Figures) -> str:
    rows = [[f"hash of {each['policy']}", each["hash"]] for each in columns(told)]
    rows += [
        ["events", told["events"]],
        ["malformed, left out", told["malformed"]],
        ["decisions", told["decisions"]],
        ["decisions per CPU second", told["decisions_per_cpu_s"]],
        ["seconds", told["seconds"]],
        ["peak memory, MB", told["peak_memory_mb"]],
    ]
    channels = told["model"]["channels"]
    names = list(next(iter(channels.values())))
    assumed = [[name, *(each[key] for key in names)] for name, each in channels.items()]
    return _section("This run", _table(("", ""), rows)) + _section(
        "What was assumed of the carriers and of the people",
        _table(("channel", *(name.replace("_", " ") for name in names)), assumed),
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else escape(str(value))
