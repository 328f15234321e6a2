"""What a demo says of itself: `demo.json`, and whether it may call itself a success."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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
        },
        "extra": asdict(portfolio.extra),
        "tiers": {tier: counts.tiers.get(tier, 0) for tier in _TIERS},
        "reminders": {
            "planned": counts.planned,
            **{end: counts.ended.get(end, 0) for end in _ENDS},
            "open": counts.open,
        },
        "suppressed_by": dict(sorted(counts.suppressed_by.items())),
        "cancelled_by": dict(sorted(counts.cancelled_by.items())),
        "attempts": dict(sorted(counts.attempts.items())),
        "escalations": {
            "failed": counts.escalations_failed,
            "unconfirmed": counts.escalations_unconfirmed,
        },
        "uncertain": counts.uncertain,
        "checks": checks,
        "checks_beyond": {ON_HOLD: on_hold},
        "findings": breaches[:_MOST_LISTED],
        "crossings": crossings[:_MOST_LISTED],
        "fence_ms": dict(audit.fence_ms),
        "seconds": round(seconds, 1),
    }


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
