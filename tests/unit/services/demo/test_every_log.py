"""Whatever a carrier's log calls it, a message that was taken counts as a contact."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
