"""A run's result as plain figures: what the table, the JSON and the page are all made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reminders.domain.policy import Policy
from reminders.domain.tier import Tier
from reminders.services.simulate.engine import Changed, Result
from reminders.services.simulate.fates import NOTE, Model
from reminders.services.simulate.lender_caps import lender_caps
from reminders.services.simulate.tally import Tally

Figures = dict[str, Any]  # Any: JSON
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_S = 3600


def report(result: Result) -> Figures:
    """Everything that is told of a run; the candidate's figures stand at the top."""
    told = [
        _policy(policy, tally, digest, result.model)
        for policy, tally, digest in zip(
            result.policies, result.tallies, result.hashes, strict=True
        )
    ]
    candidate, live = told[0], told[1] if len(told) > 1 else None
    decisions = sum(tally.decisions for tally in result.tallies)
    figures: Figures = {
        "source": result.source,
        "customers": candidate["customers"],
        "bills": candidate["bills"],
        "events": result.events,
        "malformed": result.heard.malformed,
        "duplicates": result.heard.duplicates,
        "conflicts": result.heard.conflicts,
        "decisions": decisions,
        "decisions_per_s": _ratio(decisions, result.seconds, 1),
        "decisions_per_cpu_s": _ratio(decisions, result.cpu_s, 1),
        "messages": candidate["messages"],
        "hash": candidate["hash"],
        "seconds": round(result.seconds, 3),
        "cpu_s": round(result.cpu_s, 3),
        "peak_memory_mb": round(result.peak_memory_mb, 1),
        "processes": result.processes,
        "model": _model(result.model),
        "candidate": candidate,
    }
    if live is not None:
        figures["live"] = live
        figures["difference"] = _difference(candidate, live, result.changed)
    return figures


def _model(model: Model) -> Figures:
    return {
        "name": model.label,
        "seed": model.seed,
        "currency": model.currency,
        "note": NOTE,
        "channels": {
            name: {
                "cost_of_1000_minor": each.cost_of_1000_minor,
                "unknown_address": each.unknown_address,
                "refused": each.refused,
                "delivered": each.delivered,
                "undelivered": each.undelivered,
                "read": each.read,
                "opts_out": each.opts_out,
            }
            for name, each in model.channels.items()
        },
    }


def _policy(policy: Policy, tally: Tally, digest: str, model: Model) -> Figures:
    messages = sum(tally.messages.values())
    by_channel = _folded(tally.messages, 0)
    cost = {name: _cost(model, name, count) for name, count in by_channel.items()}
    return {
        "policy": policy.label,
        "hash": digest,
        "decisions": tally.decisions,
        "customers": tally.customers,
        "customers_messaged": tally.customers_messaged,
        "bills": tally.bills,
        "bills_messaged": tally.bills_messaged,
        "bills_open_at_due": tally.bills_open_at_due,
        "bills_reached_before_due": tally.bills_reached,
        "reached_before_due": _ratio(tally.bills_reached, tally.bills_open_at_due),
        "bills_read_before_due": tally.bills_read,
        "read_before_due": _ratio(tally.bills_read, tally.bills_open_at_due),
        "messages": messages,
        "cost_minor": sum(cost.values()),
        "currency": model.currency,
        "channels": {
            name: {"messages": by_channel[name], "cost_minor": cost[name]} for name in by_channel
        },
        "tiers": {tier.value: _tier(tally, tier, model) for tier in Tier},
        "kinds": dict(sorted(tally.kinds.items())),
        "heard": _pairs(tally.states),
        "opt_outs": dict(sorted(tally.opt_outs.items())),
        "outcomes": _pairs(tally.outcomes),
        "held_back": _held(tally),
        "cap_hits": sum(count for key, count in tally.held.items() if key[1] == "cap"),
        "deferred_hours": _hours(tally.deferred_s),
        "messages_per_customer": _histogram(tally.per_customer),
        "lender_caps": lender_caps(policy, tally),
        "load": _load(tally),
    }


def _tier(tally: Tally, tier: Tier, model: Model) -> Figures:
    """How hard a tier is contacted. A bill or a customer counts in each tier it was judged in."""
    by_channel = {channel: count for (channel, of), count in tally.messages.items() if of == tier}
    bills, customers = tally.tier_bills.get(tier, 0), tally.tier_customers.get(tier, 0)
    messages = sum(by_channel.values())
    return {
        "messages": messages,
        "cost_minor": sum(_cost(model, name, count) for name, count in by_channel.items()),
        "channels": dict(sorted(by_channel.items())),
        "bills": bills,
        "customers": customers,
        "messages_per_bill": _ratio(messages, bills),
        "messages_per_customer": _ratio(messages, customers),
    }


def _cost(model: Model, channel: str, messages: int) -> int:
    """Minor units, rounded half up."""
    return (model.channels[channel].cost_of_1000_minor * messages + 500) // 1000


def _held(tally: Tally) -> list[Figures]:
    """What held messages back, the most frequent first."""
    rows = sorted(tally.held.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"outcome": outcome, "reason": str(reason), "rule": rule, "cite": cite, "count": count}
        for (outcome, reason, rule, cite), count in rows
    ]


def _hours(seconds: Mapping[str, int]) -> dict[str, float]:
    return {str(reason): round(seconds[reason] / _HOUR_S, 1) for reason in sorted(seconds)}


def _load(tally: Tally) -> Figures:
    """Messages by UTC day and channel, and the busiest minute and hour."""
    days: dict[str, dict[str, int]] = {}
    for (day, channel), count in sorted(tally.days.items()):
        days.setdefault((_EPOCH + timedelta(days=day)).date().isoformat(), {})[channel] = count
    hours: Counter[int] = Counter()
    for minute, count in tally.minutes.items():
        hours[minute // 60] += count
    return {
        "days": days,
        "peak_minute": _peak(tally.minutes, 1),
        "peak_hour": _peak(hours, 60),
    }


def _peak(counts: Mapping[int, int], minutes: int) -> Figures | None:
    """The busiest span (the first, if several are) and its rate."""
    if not counts:
        return None
    most = min(counts, key=lambda at: (-counts[at], at))
    at = _EPOCH + timedelta(minutes=most * minutes)
    return {
        "at": at.isoformat(),
        "messages": counts[most],
        "per_s": round(counts[most] / (60 * minutes), 2),
    }


def _difference(candidate: Figures, live: Figures, changed: Changed) -> Figures:
    """Candidate less live; the customers who are newly or no longer reached by any message."""
    return {
        **{name: candidate[name] - live[name] for name in _COMPARED},
        "reached_before_due": round(
            candidate["reached_before_due"] - live["reached_before_due"], 6
        ),
        "read_before_due": round(candidate["read_before_due"] - live["read_before_due"], 6),
        "channels": _less(candidate["channels"], live["channels"]),
        "tiers": _less(candidate["tiers"], live["tiers"]),
        "customers_newly_reached": changed.newly,
        "customers_no_longer_reached": changed.no_longer,
        "customers_with_more_messages": changed.more,
        "customers_with_fewer_messages": changed.fewer,
        "newly_reached": changed.newly_refs,
        "no_longer_reached": changed.no_longer_refs,
    }


_COMPARED = ("messages", "cost_minor", "customers_messaged", "bills_messaged", "cap_hits")


def _less(candidate: Mapping[str, Figures], live: Mapping[str, Figures]) -> dict[str, int]:
    nothing: Figures = {"messages": 0}
    return {
        name: candidate.get(name, nothing)["messages"] - live.get(name, nothing)["messages"]
        for name in sorted({*candidate, *live})
    }


def _folded(counts: Mapping[tuple[str, str], int], at: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, count in counts.items():
        found[str(key[at])] += count
    return dict(sorted(found.items()))


def _pairs(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (first, second), count in sorted(counts.items()):
        found.setdefault(str(first), {})[str(second)] = count
    return found


_BINS = (0, 1, 2, 3, 5, 8, 13, 21, 34)


def _histogram(counts: Mapping[int, int]) -> dict[str, int]:
    """Customers by how many messages they had."""
    ends = (*(least - 1 for least in _BINS[1:]), None)
    found = {}
    for least, most in zip(_BINS, ends, strict=True):
        name = f"{least}+" if most is None else str(least) if least == most else f"{least}-{most}"
        found[name] = sum(
            count
            for messages, count in counts.items()
            if least <= messages and (most is None or messages <= most)
        )
    return found


def _ratio(part: float, whole: float, digits: int = 4) -> float:
    return round(part / whole, digits) if whole else 0.0
