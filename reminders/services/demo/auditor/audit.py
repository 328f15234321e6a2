"""Reads a run's files, judges customer by customer, and counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reminders.services.demo.auditor.capped import find_over_caps
from reminders.services.demo.auditor.contacts import Contact, counting
from reminders.services.demo.auditor.dossier import Dossier, open_dossier
from reminders.services.demo.auditor.doubles import find_doubles
from reminders.services.demo.auditor.finding import CHECKS, UNACCOUNTED, WRONG_AMOUNT, Finding
from reminders.services.demo.auditor.logs import Call, Calls, read_calls
from reminders.services.demo.auditor.published import Known, read_facts
from reminders.services.demo.auditor.rules import Rules, read_rules
from reminders.services.demo.auditor.sends import judge_calls
from reminders.services.demo.auditor.silence import find_lost
from reminders.services.demo.errors import BadData

HOLIDAYS = "holidays.json"
CARRIERS = "carriers.json"  # which channel each log beside the first two is of
ATTEMPTS = "attempts.jsonl"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of one run. `gate_to_call_max_s`: how long after its gate a call may begin."""

    published: Path
    fenced: Path
    carriers: Mapping[str, Sequence[Path]]  # their logs, by channel
    phone: Path
    policy: Path
    gate_to_call_max_s: float = 1.0
    holidays: Path | None = None  # as frozen with the policy in force
    attempts: Path | None = None  # whose bill a message is about, where its text does not say

    @classmethod
    def of(cls, run: Path, policy: Path, gate_to_call_max_s: float = 1.0) -> Inputs:
        """The usual names in one folder."""
        return cls(
            published=run / "published.jsonl",
            fenced=run / "fenced.jsonl",
            carriers={
                channel: [run / f"{name}.jsonl" for name in names]
                for channel, names in _logs_of(run).items()
            },
            phone=run / "phone.jsonl",
            policy=policy,
            gate_to_call_max_s=gate_to_call_max_s,
            holidays=run / HOLIDAYS,
            attempts=run / ATTEMPTS,
        )


def _logs_of(run: Path) -> Mapping[str, Sequence[str]]:
    """The carriers' logs of a run by channel."""
    found: dict[str, list[str]] = {"sms": ["sms"], "email": ["email"]}
    index = run / CARRIERS
    if index.exists():
        for name, channel in json.loads(index.read_text(encoding="utf-8")).items():
            found.setdefault(channel, []).append(name)
    return found


@dataclass(frozen=True, slots=True)
class Audit:
    """Counts by check, what was found, and how long events waited for their fence (ms)."""

    checks: Mapping[str, int]
    findings: Sequence[Finding]
    fence_ms: Mapping[str, float]
    calls: int


@dataclass(slots=True)
class Run:
    """A run as read; `dossiers` hands out each customer once and forgets them."""

    known: Known
    calls: Calls
    rules: Rules
    slack_s: float

    def dossiers(self) -> Iterator[Dossier]:
        shared = self._shared()
        for customer in list(self.known.facts):
            facts = self.known.facts.pop(customer)
            calls = self.calls.of.pop(customer, [])
            others = [each for each in shared.get(customer, ()) if each.customer != customer]
            yield open_dossier(customer, facts, calls, self.rules, self.slack_s, others)

    def _shared(self) -> dict[str, list[Contact]]:
        """customer → contacts on addresses that several have. No cap per address asks for more
        than the channel of a message."""
        found: dict[str, list[Contact]] = {}
        for address, customers in self.known.shared.items():
            calls = [call for each in customers for call in self.calls.of.get(each, ())]
            for call in counting(call for call in calls if call.to == address):
                contact = Contact(call.at, call.channel, "", call.customer, call.bill, address)
                for customer in customers:
                    found.setdefault(customer, []).append(contact)
        return found


def read_run(inputs: Inputs) -> Run:
    """Raises `BadData` where a file is missing or not what it should be."""
    try:
        known = read_facts(inputs.published, inputs.fenced)
        calls = read_calls(inputs.carriers, inputs.phone, known, inputs.attempts)
        rules = read_rules(inputs.policy, inputs.holidays)
        return Run(known, calls, rules, inputs.gate_to_call_max_s)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadData(f"the run cannot be read: {type(error).__name__}: {error}") from error


def audit(inputs: Inputs, unaccounted_reminders: int = 0) -> Audit:
    """Judge a run. `unaccounted_reminders` is the one count that comes from the system itself."""
    run = read_run(inputs)
    findings = [_stranger(call) for call in run.calls.strangers]
    total = len(run.calls.strangers)
    for dossier in run.dossiers():
        total += len(dossier.calls)
        findings.extend(judge_calls(dossier))
        findings.extend(find_over_caps(dossier))
        findings.extend(find_doubles(dossier))
        findings.extend(find_lost(dossier))
    counted = Counter(finding.check for finding in findings)
    checks = {check: counted[check] for check in CHECKS}
    checks[UNACCOUNTED] = unaccounted_reminders
    return Audit(checks, findings, _percentiles(run.known.waits_ms), total)


def _stranger(call: Call) -> Finding:
    """Sent to an address that no event ever named: nothing about it can be right."""
    return Finding(WRONG_AMOUNT, "", call.bill, "", "sent to nobody known", call.at.isoformat())


def _percentiles(waits_ms: Sequence[float]) -> dict[str, float]:
    if not waits_ms:
        return {"p50": 0.0, "p99": 0.0, "max": 0.0}
    ordered = sorted(waits_ms)
    last = len(ordered) - 1
    return {
        "p50": round(ordered[last // 2], 3),
        "p99": round(ordered[round(last * 0.99)], 3),
        "max": round(ordered[last], 3),
    }
