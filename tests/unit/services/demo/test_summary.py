from __future__ import annotations

import json
import re
from dataclasses import replace

from rich.console import Console

from reminders.services.demo.auditor import CHECKS, Audit, Finding
from reminders.services.demo.closing import closing_table
from reminders.services.demo.generated import generated
from reminders.services.demo.summary import SystemCounts, summary, verdict

COUNTS = SystemCounts(
    published=110,
    ingested=96,
    duplicates=10,
    conflicts=2,
    dead=2,
    tiers={"R1": 3},
    planned=20,
    ended={"satisfied": 10, "cancelled": 6, "suppressed": 4},
    open=0,
    suppressed_by={"opted_out": 4},
    cancelled_by={"settled": 6},
    attempts={"sms": 10},
    escalations_failed=1,
    escalations_unconfirmed=1,
    uncertain=1,
    double_contacts=3,
    messages={"R1": 10},
    flagged={"no_legal_hour": 2},
    decisions={
        "send": {"sms first": 10},
        "defer": {"quiet_hours": 7, "cap": 1},
        "suppress": {"opted_out": 4},
    },
    caps={"policy.per_day": {"defer": 1, "send": 3, "exhaust": 1}},
    providers={"sms": {"carrier": 4, "gateway": 6}},
)
AUDIT = Audit(dict.fromkeys(CHECKS, 0), [], {"p50": 1.0, "p99": 2.0, "max": 3.0}, 10)
PORTFOLIO = generated(20, 1)
KEYS = (
    "source customers events bills payments amounts tiers reminders suppressed_by attempts "
    "escalations checks fence_ms seconds"
)


def test_the_summary_holds_what_was_asked_and_is_json() -> None:
    told = summary(PORTFOLIO, COUNTS, AUDIT, 12.34)
    assert json.loads(json.dumps(told)) == told
    assert set(KEYS.split()) <= set(told)
    assert set(told["checks"]) == set(CHECKS) - {"sent_on_hold"}
    assert told["amounts"]["bills_minor"] == PORTFOLIO.own.bills_minor
    assert told["tiers"] == {"R0": 0, "R1": 3, "R2": 0, "R3": 0}
    assert told["double_contacts"] == 3


def test_a_run_without_breaches_in_which_much_happened_is_a_success() -> None:
    assert verdict(summary(PORTFOLIO, COUNTS, AUDIT, 1)) == []


def test_every_check_but_a_crossing_fails_the_demo() -> None:
    for check in CHECKS:
        audit = replace(AUDIT, checks={**AUDIT.checks, check: 1})
        failures = verdict(summary(PORTFOLIO, COUNTS, audit, 1))
        assert failures == ([] if check == "crossed_payment" else [f"{check} is 1, not 0"])


def test_a_demo_in_which_nothing_happened_fails() -> None:
    idle = replace(
        COUNTS,
        duplicates=0,
        suppressed_by={},
        cancelled_by={},
        escalations_failed=0,
        escalations_unconfirmed=0,
        uncertain=0,
    )
    assert len(verdict(summary(PORTFOLIO, idle, AUDIT, 1))) == 6


def test_open_and_missing_reminders_fail_the_demo() -> None:
    left = replace(COUNTS, open=2)
    assert verdict(summary(PORTFOLIO, left, AUDIT, 1)) == [
        "2 reminders are still open",
        "20 reminders were planned and 20 ended",
    ]


def test_findings_and_crossings_are_listed_apart() -> None:
    found = [Finding("lost", "C-1", "B-1", "d0", "", ""), Finding("crossed_payment", *"abcde")]
    told = summary(PORTFOLIO, COUNTS, replace(AUDIT, findings=found), 1)
    assert [each["check"] for each in told["findings"]] == ["lost"]
    assert [each["check"] for each in told["crossings"]] == ["crossed_payment"]


def test_the_closing_table_speaks_of_money_and_people() -> None:
    console = Console(width=100, record=True, quiet=False, file=None)
    with console.capture() as capture:
        console.print(closing_table(summary(PORTFOLIO, COUNTS, AUDIT, 9)))
    text = capture.get()
    assert f"NT$ {PORTFOLIO.own_in['TWD'].bills_minor / 100:,.2f}" in text
    assert "messages sent after the payment was known" in text
    assert "9 s" in text


def test_tiers_caps_and_reasons_are_told_in_words_and_in_json() -> None:
    told = summary(PORTFOLIO, COUNTS, AUDIT, 9)
    assert told["messages_by_tier"] == {"R0": 0, "R1": 10, "R2": 0, "R3": 0}
    assert told["decisions"]["defer"] == {"cap": 1, "quiet_hours": 7}
    assert (told["hours_deferred"], told["flagged"]) == (7, {"no_legal_hour": 2})
    became = {"deferred": 1, "suppressed": 0, "another_channel": 3, "other": 1}
    assert told["caps_hit"] == {"policy.per_day": became}
    console = Console(width=100)
    with console.capture() as capture:
        console.print(closing_table(told))
    text = capture.get()
    for row in (
        r"messages by tier, R0 / R1 / R2 / R3 .* 0 / 10 / 0 / 0",
        r"put off to an allowed hour .* 7 ",
        r"policy\.per_day .* 1 / 0 / 3 / 1",
        r"the customer opted out .* 4 ",
        r"flagged when planned: no allowed hour before its use ends .* 2 ",
    ):
        assert re.search(row, text), row
    assert max(map(len, text.splitlines())) <= 100


def test_the_table_says_which_provider_carried_how_much() -> None:
    told = summary(PORTFOLIO, COUNTS, AUDIT, 9)
    assert told["providers"] == {"sms": {"carrier": 4, "gateway": 6}}
    console = Console(width=100)
    with console.capture() as capture:
        console.print(closing_table(told))
    assert re.search(
        r"attempts by SMS .* 10 .*\n.*  gateway .* 6 .*\n.*  carrier .* 4 ", capture.get()
    )
