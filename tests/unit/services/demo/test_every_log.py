"""Whatever a carrier's log calls it, a message that was taken counts as a contact."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reminders.services.demo.auditor.carriers import works
from reminders.services.demo.auditor.contacts import may_be_taken
from reminders.services.demo.auditor.logs import read_calls
from reminders.services.demo.auditor.published import Known


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        *(("202", True), ("250", True), ("accepted", True), ("0", True)),
        *(("refused", False), ("503", False), ("40003", False), ("400 131026", False)),
    ],
)
def test_what_is_taken_counts(tmp_path: Path, status: str, taken: bool) -> None:
    at = "2005-05-21T14:00:00+00:00"
    request = {
        "kind": "request", "reference": "a-1", "at": at, "began": 1.0, "to": "+861", "text": "x",
        "script": "deliver",
    }  # fmt: skip
    answer = {"kind": "answer", "reference": "a-1", "machine": 1.1, "status": status, "at": at}
    log = tmp_path / "line.jsonl"
    log.write_text(f"{json.dumps(request)}\n{json.dumps(answer)}\n", encoding="utf-8")
    known = Known(customer_of_address={"+861": "C-1"})
    calls = read_calls({"sms": [log]}, tmp_path / "phone.jsonl", known)
    assert [call.taken for call in calls.of["C-1"]] == [taken]


def _line(kind: str, reference: str, at: str, **more: object) -> str:
    told = {"kind": kind, "at": at, "machine": 1.0, "reference": reference, "to": "li@example.com"}
    return json.dumps({**told, **more}, separators=(",", ":")) + "\n"


def test_a_mail_after_a_complaint_is_marked_whichever_relay_took_it(tmp_path: Path) -> None:
    asked = {"began": 1.0, "text": "x", "script": "complains"}
    first, second = "2005-05-21T02:00:00+00:00", "2005-06-21T02:00:00+00:00"
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    one.write_text(
        _line("request", "a-1", first, **asked)
        + _line("receipt", "a-1", first, status="complained")
        + _line("receipt", "a-1", first, status="opened")
    )
    other.write_text(_line("request", "a-2", second, **asked))
    known = Known(customer_of_address={"li@example.com": "C-1"})
    calls = read_calls({"email": [one, other]}, tmp_path / "phone.jsonl", known)
    assert [call.complained for call in calls.of["C-1"]] == [False, True]
    assert not works("email", "li@complains.example.com")
    assert works("email", "li@opens.example.com")


@pytest.mark.parametrize(("log", "counts"), [("sms", False), ("sms-carrier", True)])
def test_only_a_carrier_that_can_be_asked_frees_a_cap_without_an_answer(
    tmp_path: Path, log: str, counts: bool
) -> None:
    path = tmp_path / f"{log}.jsonl"
    asked = {"began": 1.0, "text": "x", "script": "lost"}
    path.write_text(_line("request", "a-1", "2005-05-21T02:00:00+00:00", **asked))
    known = Known(customer_of_address={"li@example.com": "C-1"})
    [call] = read_calls({"sms": [path]}, tmp_path / "phone.jsonl", known).of["C-1"]
    assert may_be_taken(call) is counts
