"""`reminders dead`: what was refused is seen masked, put in again as it came, or closed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from reminders.domain.identity import NOBODY, make_id
from reminders.ledger import dead_letters
from reminders.ledger.dead_letters import DeadLetter, Fault, Origin
from tests.integration.cli.conftest import Command, World

WRONG = b'{"specversion": "1.0", "data": {"name": "Person One", "address": "+8616100000001"}}'
VALID = json.dumps(
    {
        "specversion": "1.0",
        "id": "evt-v",
        "source": "/bank",
        "type": "hold.lifted",
        "time": "2026-03-15T02:00:00Z",
        "data": {"customer_id": "C-1", "hold_id": "H-1", "lifted_at": "2026-03-15T02:00:00Z"},
    }
).encode()


def keep(world: World, body: bytes, fault: Fault, reason: str = "as it was then") -> UUID:
    dead_id = make_id(202602, NOBODY, fault, reason, body)
    at = datetime(2026, 2, 1, tzinfo=UTC)
    letter = DeadLetter(dead_id, Origin.EVENTS, fault, reason, "/bank", "evt-v", at)
    with world.resources.engine.begin() as connection:
        dead_letters.keep(connection, world.resources.ring, [(letter, body)])
    return dead_id


def listed(reminders: Command, state: str = "all") -> list[dict[str, str]]:
    result = reminders("dead", "list", "--state", state, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, str]] = json.loads(result.stdout)
    return found


def test_a_refused_event_is_listed_and_shown_with_its_mask_on(
    world: World, reminders: Command
) -> None:
    world.put(WRONG)
    (letter,) = listed(reminders, "open")
    table = reminders("dead", "list").stdout
    assert letter["reason"] in table
    assert letter["dead_id"] in table
    shown = reminders("dead", "show", letter["dead_id"]).stdout
    assert "+86161****0001" in shown
    assert "Person One" not in shown
    revealed = reminders("dead", "show", letter["dead_id"], "--reveal").stdout
    assert "Person One" in revealed
    assert "+8616100000001" in revealed


def test_what_goes_in_now_is_retried(world: World, reminders: Command) -> None:
    dead_id = keep(world, VALID, Fault.REFUSED)
    result = reminders("dead", "retry", str(dead_id))
    assert result.exit_code == 0, result.output
    assert "retried: taken in" in result.stdout
    assert [letter["state"] for letter in listed(reminders)] == ["retried"]
    assert reminders("dead", "retry", str(dead_id)).exit_code == 2


def test_what_is_refused_again_stays_one_letter_with_the_new_reason(
    world: World, reminders: Command
) -> None:
    dead_id = keep(world, WRONG, Fault.REFUSED)
    result = reminders("dead", "retry", str(dead_id))
    assert result.exit_code == 1
    (letter,) = listed(reminders)
    assert letter["dead_id"] == str(dead_id)
    assert letter["state"] == "open"
    assert letter["fault"] == "malformed"
    assert letter["reason"] != "as it was then"
    assert letter["reason"] in result.stdout


def test_a_conflict_stays_open_and_changes_nothing(world: World, reminders: Command) -> None:
    world.put(VALID)
    world.put(VALID.replace(b"H-1", b"H-2"))
    (letter,) = listed(reminders)
    assert letter["fault"] == "conflict"
    assert reminders("dead", "retry", letter["dead_id"]).exit_code == 1
    assert listed(reminders, "open") == [letter]


def test_a_receipt_goes_through_its_own_door(world: World, reminders: Command) -> None:
    world.receipt(b"not JSON")
    (letter,) = listed(reminders)
    assert (letter["fault"], letter["origin"]) == ("receipt", "receipts")
    result = reminders("dead", "retry", "--all", "--fault", "receipt")
    assert result.exit_code == 1
    assert "0 retried, 1 still open" in result.stdout


def test_all_of_one_fault(world: World, reminders: Command) -> None:
    world.put(WRONG)
    keep(world, VALID, Fault.REFUSED)
    would = reminders("dead", "retry", "--all", "--dry-run").stdout
    assert "would put in 2 letters again: 1 malformed, 1 refused" in would
    assert len(listed(reminders, "open")) == 2
    assert reminders("dead", "retry", "--all", "--fault", "refused").exit_code == 0
    assert [letter["fault"] for letter in listed(reminders, "open")] == ["malformed"]


def test_closing_keeps_the_note(world: World, reminders: Command) -> None:
    dead_id = keep(world, WRONG, Fault.MALFORMED)
    assert reminders("dead", "close", str(dead_id), "--note", " ").exit_code == 2
    assert reminders("dead", "close", str(dead_id), "--note", "billing was told").exit_code == 0
    (letter,) = listed(reminders, "closed")
    assert letter["reason"] == "as it was then (closed: billing was told)"
    assert reminders("dead", "list").stdout == "no open dead letters\n"


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nothing"),
        ("show", "12345678-1234-1234-1234-123456789012"),
        ("retry", "20260300-0000-0000-0000-000000000000"),
        ("retry",),
        ("retry", "x", "--all"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    world: World, reminders: Command, words: tuple[str, ...]
) -> None:
    result = reminders("dead", *words)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
