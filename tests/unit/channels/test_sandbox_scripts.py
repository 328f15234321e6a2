"""The carriers' scripts, clock and log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.sandbox.agenda import Agenda
from channels.sandbox.journal import Journal
from channels.sandbox.scripts import (
    DELAYS,
    EMAIL_SCRIPTS,
    SMS_SCRIPTS,
    Draws,
    Refusals,
    script_of_address,
    script_of_number,
)

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("code", SMS_SCRIPTS)
def test_a_number_names_its_script(code: str) -> None:
    assert script_of_number(f"+861{code}12345678") is SMS_SCRIPTS[code]


@pytest.mark.parametrize("number", ["+8619912345678", "+447700900123", "+86102", ""])
def test_any_other_number_is_delivered_to(number: str) -> None:
    assert script_of_number(number).name == "deliver"


def test_a_domain_names_its_script() -> None:
    for domain, script in EMAIL_SCRIPTS.items():
        assert script_of_address(f"li@{domain.upper()}") is script
    assert script_of_address("li@elsewhere.example.com").name == "deliver"


def test_delays_depend_on_seed_and_reference_alone() -> None:
    first = [Draws(1).delay(str(number)) for number in range(300)]
    assert first == [Draws(1).delay(str(number)) for number in range(300)]
    assert first != [Draws(2).delay(str(number)) for number in range(300)]
    assert set(first) == set(DELAYS)


def tries(code: str, number: str, count: int) -> list[bool]:
    refusals = Refusals(Draws(1))
    return [refusals.refuse(SMS_SCRIPTS[code], number) for _ in range(count)]


def test_refusals_end_and_begin_anew() -> None:
    assert tries("00", "+1", 3) == [False, False, False]
    assert tries("02", "+1", 3) == [True, True, True]
    assert tries("03", "+1", 4) == [True, False, True, False]
    shapes = {tuple(tries("04", f"+{number}", 3)) for number in range(40)}
    assert shapes == {(True, False, True), (True, True, False)}


def test_greylisting_remembers() -> None:
    refusals = Refusals(Draws(1))
    grey = EMAIL_SCRIPTS["greylist.example.com"]
    assert [refusals.refuse(grey, "a") for _ in range(3)] == [True, False, False]


def test_acts_run_in_order_at_their_own_time() -> None:
    agenda = Agenda(START)
    ran: list[tuple[str, datetime]] = []
    agenda.schedule(timedelta(seconds=30), lambda at: ran.append(("b", at)))
    agenda.schedule(timedelta(seconds=5), lambda at: ran.append(("a", at)))
    agenda.schedule(timedelta(0), lambda at: ran.append(("now", at)))
    assert agenda.next_at == START
    agenda.advance(START + timedelta(seconds=29))
    assert ran == [("now", START), ("a", START + timedelta(seconds=5))]
    assert agenda.pending == 1
    agenda.advance(START + timedelta(hours=1))
    assert ran[-1] == ("b", START + timedelta(seconds=30))
    assert agenda.pending == 0
    assert agenda.now() == START + timedelta(hours=1)


def test_an_act_may_set_another_that_is_already_due() -> None:
    agenda = Agenda(START)
    ran: list[datetime] = []
    later = timedelta(seconds=5)
    agenda.schedule(later, lambda _: agenda.schedule(later, ran.append))
    agenda.advance(START + timedelta(minutes=1))
    assert ran == [START + 2 * later]


def test_the_clock_never_goes_back() -> None:
    agenda = Agenda(START)
    with pytest.raises(ValueError, match="go back"):
        agenda.advance(START - timedelta(microseconds=1))


def test_the_log_is_json_whatever_the_text(tmp_path: Path) -> None:
    texts = ['quote " and \\ and\nline\r\x00\u2028', "账单 💳", "\ud800 alone", ""]
    journal = Journal(tmp_path / "deep" / "sms.jsonl")
    for text in texts:
        journal.write("request", START, 1.5, text=text, began=1.25, messages=[{"id": 1}])
    journal.close()
    raw = (tmp_path / "deep" / "sms.jsonl").read_bytes().decode("utf-8", "surrogatepass")
    lines = [json.loads(line) for line in raw.split("\n") if line]
    assert [line["text"] for line in lines] == texts
    assert lines[0]["at"] == START.isoformat()
    assert (lines[0]["began"], lines[0]["messages"]) == (1.25, [{"id": 1}])
