"""`reminders tier why` says where each point comes from, adds up, and what would change it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.cli.conftest import Command, World


@pytest.fixture
def late(world: World) -> World:
    """One bill paid, one missed, one still ahead; a payment failed."""
    world.customer("C-1")
    for bill_id, due_on in (("B-1", "2026-03-16"), ("B-2", "2026-03-17"), ("B-3", "2026-04-25")):
        world.bill("C-1", bill_id, due_on)
    world.pay("C-1", "B-1", 123_400)
    world.at("2026-03-20T10:00:00")
    return world


def told(reminders: Command, *words: str) -> dict[str, Any]:  # Any: JSON
    result = reminders("tier", "why", "C-1", "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_lines_add_up_to_the_points(late: World, reminders: Command) -> None:
    """S1.12: typed inputs with their provenance; S5.5, S5.6: lateness in points."""
    found = told(reminders)
    assert sum(line["points"] for line in found["lines"]) == found["points"] > 0
    facts = {line["fact"]: line["source"] for line in found["lines"]}
    assert facts["1 late in 12 months"] == "billing"
    assert facts["3 days past due now"] == "billing"
    thresholds = list(found["thresholds"].values())
    assert thresholds == sorted(thresholds)
    shown = reminders("tier", "why", "C-1").stdout.splitlines()
    assert shown[0].startswith(f"C-1 is {found['tier']} with {found['points']} points at 2026-03-2")
    numbers = [line.split()[0] for line in shown if line.startswith("  ")]
    assert sum(map(int, numbers[:-1])) == int(numbers[-1]) == found["points"]
    assert all(change in shown for change in found["changes"])


def test_at_another_instant_later_facts_do_not_count(late: World, reminders: Command) -> None:
    found = told(reminders, "--at", "2026-03-17T23:00:00+08:00")
    assert "3 days past due now" not in {line["fact"] for line in found["lines"]}
    assert found["at"] == "2026-03-17T15:00:00+00:00"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("C-1", "--at", "noon"), "error: --at noon: write it as 2026-03-20T10:00:00Z"),
        (("C-1", "--at", "2026-03-20T10:00:00"), "error: --at 2026-03-20T10:00:00: add its zone"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    late: World, reminders: Command, words: tuple[str, ...], line: str
) -> None:
    result = reminders("tier", "why", *words)
    assert result.exit_code == 2
    assert result.stderr.startswith(line)


def test_who_is_unknown_is_said(late: World, reminders: Command) -> None:
    result = reminders("tier", "why", "C-9")
    assert result.exit_code != 0
    assert str(result.exception) == "no customer is called C-9"
