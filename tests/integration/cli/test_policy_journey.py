"""A policy change tried as a new user would: edit, lint, compare, simulate, read the page, activate
with a gate, see the new version in `explain`, take it back (what must be seen, 6)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from config.settings import SHIPPED
from tests.integration.cli.conftest import Command, World

WHO = ("--actor", "ana", "--reason", "calls about late reminders")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """One's own copy of the shipped configuration."""
    for name in ("policies", "packs", "cards", "templates"):
        shutil.copytree(SHIPPED / name, tmp_path / name)
    return tmp_path / "policies" / "default.yaml"


def edit(path: Path, *edits: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def version_of(reminders: Command) -> int:
    """The version of the default policy that is in force."""
    listed = json.loads(reminders("policy", "list", "--json").stdout)
    (label,) = [each["policy"] for each in listed if each["in_force"]]
    return int(label.removeprefix("default@"))


def test_a_change_goes_from_the_editor_to_explain_and_back(
    world: World, reminders: Command, mine: Path
) -> None:
    first = version_of(reminders)
    after = first + 1
    edit(
        mine,
        (f"version: {first}", f"version: {after}"),
        ('name: d-3, at: "due_date - 3d 10:00"', 'name: d-5, att: "due_date - 5d 11:30"'),
    )

    linted = reminders("policy", "lint", str(mine))
    assert linted.exit_code == 1
    assert "[unknown-key] stages.1.att is unknown" in linted.stdout
    assert "fix: did you mean at?" in linted.stdout
    refused = reminders("policy", "activate", str(mine), *WHO)
    assert refused.exit_code == 1
    assert "not activated" in refused.output
    assert version_of(reminders) == first

    edit(mine, ("att: ", "at: "))
    assert reminders("policy", "lint", str(mine)).exit_code == 0
    compared = reminders("policy", "diff", "live", str(mine), "--exit-code", "--json")
    assert compared.exit_code == 1
    named = [change["what"] for change in json.loads(compared.stdout)["changes"]]
    assert named == ["stage d-3", "stage d-5"]

    done = reminders("policy", "activate", str(mine), *WHO, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["policy"] == f"default@{after}"
    assert version_of(reminders) == after
    assert "name: d-5" in reminders("policy", "show", "default").stdout
    assert "ana" in reminders("policy", "list").stdout

    world.resources.book.refresh()
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.work()
    explained = reminders("explain", "B-1")
    assert f"default@{after}" in explained.stdout

    back = reminders("policy", "rollback", "default", *WHO)
    assert back.exit_code == 0, back.output
    assert version_of(reminders) == first
    world.bill("C-1", "B-2", due_on="2026-04-25")
    world.resources.book.refresh()
    world.work()
    assert f"default@{first}" in reminders("explain", "B-2").stdout
    assert f"default@{after}" in reminders("explain", "B-1").stdout  # a plan keeps its version


def test_an_activation_ahead_is_listed_with_its_start(
    world: World, reminders: Command, mine: Path
) -> None:
    first = version_of(reminders)
    edit(mine, (f"version: {first}", f"version: {first + 1}"))
    start = "2026-04-01T00:00:00+08:00"
    done = reminders("policy", "activate", str(mine), *WHO, "--at", start)
    assert done.exit_code == 0, done.output
    listed = json.loads(reminders("policy", "list", "--json").stdout)
    assert [each["standing"] for each in listed] == ["in force", "starts later"]
    assert "2026-03-31 16:00:00" in reminders("policy", "list").stdout
    assert reminders("policy", "activate", str(mine), *WHO, "--at", "noon").exit_code == 2
    assert reminders("policy", "activate", str(mine), *WHO, "--at", "2026-04-01").exit_code == 2


def test_a_gate_refuses_what_a_backtest_speaks_against(
    world: World, reminders: Command, mine: Path, tmp_path: Path
) -> None:
    first = version_of(reminders)
    edit(
        mine,
        (f"version: {first}", f"version: {first + 1}"),
        ("kind: pre_due, urgency: normal, tiers: [R2, R3]",
         "kind: pre_due, urgency: normal, tiers: [R0, R1, R2, R3]"),
    )  # fmt: skip
    events = tmp_path / "events.ndjson"
    bodies = [_customer(), *(_bill(month) for month in range(1, 5))]
    events.write_text("\n".join(json.dumps(body) for body in bodies) + "\n", encoding="utf-8")
    page = tmp_path / "page.html"
    played = reminders(
        "simulate", "--policy", str(mine), "--against", "live", "--events", str(events),
        "--html", str(page), "--json",
    )  # fmt: skip
    assert played.exit_code == 0, played.output
    assert "default@" in page.read_text(encoding="utf-8")

    gate = tmp_path / "gate.yaml"
    gate.write_text("max_messages_increase: 0.0\n", encoding="utf-8")
    tried = ("policy", "activate", str(mine), *WHO, "--gate", str(gate))
    assert reminders(*tried).exit_code == 2  # nothing to play it over
    refused = reminders(*tried, "--events", str(events))
    assert refused.exit_code == 1, refused.output
    assert "gate: messages:" in refused.output
    assert version_of(reminders) == first

    gate.write_text("max_messages_increase: 2.0\nmax_no_longer_reached: 0\n", encoding="utf-8")
    done = reminders(*tried, "--events", str(events), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["gate"]["thresholds"]["max_messages_increase"] == 2.0
    assert version_of(reminders) == first + 1


def _event(number: int, type_: str, at: str, data: dict[str, object]) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "/bank",
        "type": type_,
        "time": at,
        "data": {"customer_id": "C-9", **data},
    }


def _customer() -> dict[str, object]:
    points = [
        {"channel": "sms", "address": "+8616100000009"},
        {"channel": "email", "address": "nine@example.com"},
    ]
    profile = {"language": "en", "time_zone": "Asia/Taipei", "jurisdiction": "TW"}
    data: dict[str, object] = {"contact_points": points, **profile}
    return _event(0, "customer.updated", "2026-01-01T00:00:00Z", data)


def _bill(month: int) -> dict[str, object]:
    at = f"2026-{month:02}-01T00:00:00Z"
    data: dict[str, object] = {
        "bill_id": f"B-9-{month}",
        "version": 1,
        "currency": "TWD",
        "amount_due_minor": 100_000,
        "minimum_due_minor": 10_000,
        "due_on": f"2026-{month:02}-25",
        "product": "loan",
        "revolving": False,
        "issued_at": at,
    }
    return _event(month, "bill.issued", at, data)
