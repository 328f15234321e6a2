"""The outside vectors, and what is said where a set is absent or has another form."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.vector_sets import SETS
from benchmarks.vectors import good, main, measure

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")


@pytest.mark.parametrize("name", [name for name in SETS if name != "bounces"])
def test_every_vector_is_right(name: str) -> None:
    if not (DATA / SETS[name][0]).is_file():
        pytest.skip(f"no {SETS[name][0]}: set REMINDERS_TEST_DATA")
    row = measure(DATA, name)
    assert good(row), row


def test_other_files_of_the_same_form_are_judged_too(tmp_path: Path) -> None:
    said = [
        {"name": "one", "text": "a" * 161, "segments": 2},
        {"name": "wrong", "text": "€" * 80, "segments": 9},
    ]
    (tmp_path / "sms-segments.json").write_text(json.dumps(said))
    (tmp_path / "retry-after.json").write_text(json.dumps([{"value": "7", "expect": 7}]))
    (tmp_path / "phone-numbers.json").write_text('{"other": "form"}')
    row = measure(tmp_path, "sms-segments")
    assert row.score is not None
    assert (row.score.right, row.score.of, row.score.wrong) == (1, 2, ("wrong",))
    assert good(measure(tmp_path, "retry-after"))
    assert "another form" in measure(tmp_path, "phone-numbers").why
    assert measure(tmp_path, "bounces").why == "bounces/expected.json is not there"


def test_other_callbacks_of_the_same_form_are_judged_by_what_they_say(tmp_path: Path) -> None:
    """Ours to mend is no fault of the address, and another provider may well take the message."""
    fcm = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    twilio = {"MessageSid": "SM" + "0" * 32, "From": "+8610012345678", "Body": "hello"}
    samples = {
        "fcm_v1": {
            "bodies": [
                {"error": {"code": 401, "status": "UNAUTHENTICATED"}},
                {"error": {"code": 404, "status": "NOT_FOUND"}},
                {
                    "error": {
                        "code": 404,
                        "status": "NOT_FOUND",
                        "details": [{"@type": fcm, "errorCode": "UNREGISTERED"}],
                    }
                },
                {"error": {"code": 503, "status": "UNAVAILABLE"}},
            ]
        },
        "apns": {
            "bodies": [
                {"http": 403, "body": {"reason": "ExpiredProviderToken"}},
                {"http": 400, "body": {"reason": "BadTopic"}},
                {"http": 400, "body": {"reason": "PayloadEmpty"}},
                {"http": 410, "body": {"reason": "ExpiredToken"}},
            ]
        },
    }
    (tmp_path / "provider-callbacks.json").write_text(json.dumps(samples))
    assert good(measure(tmp_path, "provider-callbacks"))
    for status in ("received", "canceled", "read", "sending"):
        told = {"twilio": {"form": {**twilio, "MessageStatus": status}}}
        (tmp_path / "provider-callbacks.json").write_text(json.dumps(told))
        assert good(measure(tmp_path, "provider-callbacks")), status


def test_the_figures_are_written(tmp_path: Path) -> None:
    (tmp_path / "retry-after.json").write_text(json.dumps([{"value": "7", "expect": 7}]))
    out = tmp_path / "vectors.json"
    app = typer.Typer()
    app.command()(main)
    assert CliRunner().invoke(app, [str(tmp_path), "--out", str(out)]).exit_code == 0
    assert CliRunner().invoke(app, [str(tmp_path / "none")]).exit_code == 2
    figures = json.loads(out.read_text())
    assert figures["retry-after"] == {"right": 1, "of": 1, "wrong": []}
    assert figures["sms-segments"] == {
        "right": 0, "of": 0, "absent": "sms-segments.json is not there",
    }  # fmt: skip
