"""What a demo says of itself: `demo.json`, and whether it may call itself a success."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from reminders.services.demo.auditor import Audit
from reminders.services.demo.auditor.finding import CROSSED, ON_HOLD
from reminders.services.demo.portfolio import Portfolio

Summary = dict[str, Any]  # Any: JSON
_ENDS = ("satisfied", "suppressed", "cancelled", "expired", "exhausted")
_TIERS = ("R0", "R1", "R2", "R3")
_MOST_LISTED = 50

# What a demo must have shown, by where it stands in the summary.
_SHOWN = (
    (("escalations", "failed"), "no escalation after a failure"),
    (("escalations", "unconfirmed"), "no escalation after silence"),
    (("suppressed_by", "opted_out"), "no reminder suppressed by an opt-out"),
    (("cancelled_by", "settled"), "no reminder cancelled by a payment"),
    (("uncertain",), "no outcome was uncertain"),
    (("events", "duplicates"), "no duplicate event was refused"),
)


@dataclass(frozen=True, slots=True)
class SystemCounts:
    """What the system itself counted, read from its tables at the end of the demo.

    `planned` is every reminder ever planned; `ended` counts by terminal state; `uncertain`
    counts attempts that were uncertain at some time; `cancelled_by` and `suppressed_by` by reason.
    `messages` counts attempts by the tier that their customer has at the end, `decisions` by
    outcome and reason, `caps` decisions by the cap that barred a channel and their outcome,
    `flagged` reminders by what was seen to be amiss when they were planned, `providers` attempts
    by channel and provider, `double_contacts` messages that arrived after the next channel had
    been used because of their silence.
    """

    published: int
    ingested: int
    duplicates: int
    conflicts: int
    dead: int
    tiers: Mapping[str, int]
    planned: int
    ended: Mapping[str, int]
    open: int
    suppressed_by: Mapping[str, int]
    cancelled_by: Mapping[str, int]
    attempts: Mapping[str, int]
    escalations_failed: int
    escalations_unconfirmed: int
    uncertain: int
    messages: Mapping[str, int] = field(default_factory=dict)
    flagged: Mapping[str, int] = field(default_factory=dict)
    decisions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    caps: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    providers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    double_contacts: int = 0


def summary(portfolio: Portfolio, counts: SystemCounts, audit: Audit, seconds: float) -> Summary:
    """The content of `demo.json`. Bills, payments and amounts are the source's own; the added
    instalments stand apart under `extra`."""
    checks = dict(audit.checks)
    on_hold = checks.pop(ON_HOLD)
    crossings = [asdict(each) for each in audit.findings if each.check == CROSSED]
    breaches = [asdict(each) for each in audit.findings if each.check != CROSSED]
    return {
        "source": portfolio.source,
        "customers": len(portfolio.customers),
        "events": {
            name: getattr(counts, name)
            for name in ("published", "ingested", "duplicates", "conflicts", "dead")
        },
        "bills": portfolio.own.bills,
        "payments": portfolio.own.payments,
        "amounts": {
            "bills_minor": portfolio.own.bills_minor,
            "payments_minor": portfolio.own.payments_minor,
            "by_currency": {
                currency: {"bills_minor": own.bills_minor, "payments_minor": own.payments_minor}
                for currency, own in sorted(portfolio.own_in.items())
            },
        },
        "jurisdictions": dict(sorted(Counter(c.jurisdiction for c in portfolio.customers).items())),
        "extra": asdict(portfolio.extra),
        "tiers": {tier: counts.tiers.get(tier, 0) for tier in _TIERS},
        "messages_by_tier": {tier: counts.messages.get(tier, 0) for tier in _TIERS},
        "reminders": {
            "planned": counts.planned,
            **{end: counts.ended.get(end, 0) for end in _ENDS},
            "open": counts.open,
        },
        "suppressed_by": dict(sorted(counts.suppressed_by.items())),
        "cancelled_by": dict(sorted(counts.cancelled_by.items())),
        "decisions": {
            outcome: dict(sorted(reasons.items()))
            for outcome, reasons in sorted(counts.decisions.items())
        },
        "caps_hit": {cap: _cap(outcomes) for cap, outcomes in sorted(counts.caps.items())},
        "hours_deferred": counts.decisions.get("defer", {}).get("quiet_hours", 0),
        "flagged": dict(sorted(counts.flagged.items())),
        "attempts": dict(sorted(counts.attempts.items())),
        "providers": {
            channel: dict(sorted(each.items()))
            for channel, each in sorted(counts.providers.items())
        },
        "escalations": {
            "failed": counts.escalations_failed,
            "unconfirmed": counts.escalations_unconfirmed,
        },
        "uncertain": counts.uncertain,
        "double_contacts": counts.double_contacts,
        "checks": checks,
        "checks_beyond": {ON_HOLD: on_hold},
        "findings": breaches[:_MOST_LISTED],
        "crossings": crossings[:_MOST_LISTED],
        "fence_ms": dict(audit.fence_ms),
        "seconds": round(seconds, 1),
    }


def _cap(outcomes: Mapping[str, int]) -> dict[str, int]:
    """What became of the messages that a cap barred from a channel."""
    named = {"defer": "deferred", "suppress": "suppressed", "send": "another_channel"}
    found = dict.fromkeys(named.values(), 0) | {"other": 0}
    for outcome, count in outcomes.items():
        found[named.get(outcome, "other")] += count
    return found


def verdict(told: Summary) -> list[str]:
    """Why the demo failed, one line each; empty if it did not."""
    checks = {**told["checks"], **told["checks_beyond"]}
    failures = [
        f"{name} is {count}, not 0" for name, count in checks.items() if count and name != CROSSED
    ]
    reminders = told["reminders"]
    if reminders["open"]:
        failures.append(f"{reminders['open']} reminders are still open")
    ended = sum(reminders[end] for end in _ENDS)
    if ended + reminders["open"] != reminders["planned"]:
        failures.append(f"{reminders['planned']} reminders were planned and {ended} ended")
    failures += [why for path, why in _SHOWN if not _at(told, path)]
    return failures


def _at(told: Summary, path: tuple[str, ...]) -> Any:  # Any: JSON
    found: Any = told
    for name in path:
        found = found.get(name, 0)
    return found
