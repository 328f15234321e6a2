"""The outside vectors, and what is said where a set is absent or has another form."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

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
                {"error": {"code": 502, "status": "WHO_KNOWS"}},
                {"name": "projects/lender/messages/1"},
            ]
        },
        "apns": {
            "bodies": [
                {"http": 403, "body": {"reason": "ExpiredProviderToken"}},
                {"http": 400, "body": {"reason": "BadTopic"}},
                {"http": 400, "body": {"reason": "PayloadEmpty"}},
                {"http": 410, "body": {"reason": "ExpiredToken"}},
                {"http": 200},
            ]
        },
    }
    (tmp_path / "provider-callbacks.json").write_text(json.dumps(samples))
    assert good(measure(tmp_path, "provider-callbacks"))
    older = {"SmsSid": "SM" + "0" * 32, "SmsStatus": "failed", "ErrorCode": "21635"}
    (tmp_path / "provider-callbacks.json").write_text(json.dumps({"twilio": {"form": older}}))
    assert good(measure(tmp_path, "provider-callbacks"))
    for status in ("received", "canceled", "read", "sending"):
        told = {"twilio": {"form": {**twilio, "MessageStatus": status}}}
        (tmp_path / "provider-callbacks.json").write_text(json.dumps(told))
        assert good(measure(tmp_path, "provider-callbacks")), status


def _run(*args: str) -> Result:
    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, args)


def test_a_vector_of_another_form_costs_no_other(tmp_path: Path) -> None:
    segments = [
        {"name": "[/red] \ud83d", "text": "a" * 161, "segments": 9},
        {"text": 7, "segments": 1},
        7,
        {"name": "good", "text": "a", "segments": 1},
    ]
    (tmp_path / "sms-segments.json").write_text(json.dumps(segments))
    row = measure(tmp_path, "sms-segments")
    assert row.score is not None
    assert (row.score.right, row.score.of) == (1, 4)
    assert row.score.wrong[1].startswith("no. 2 has another form: TypeError")

    messages = tmp_path / "bounces" / "messages"
    messages.mkdir(parents=True)
    (messages / "good.eml").write_bytes(b"From: li@example.com\n\nI paid.")
    expected = {"good.eml": [{"hard": False}], "gone.eml": [{"hard": True}], "odd.eml": [{}]}
    (tmp_path / "bounces" / "expected.json").write_text(json.dumps(expected))
    row = measure(tmp_path, "bounces")
    assert row.score is not None
    assert (row.score.right, row.score.of) == (1, 3)
    assert "FileNotFoundError" in row.score.wrong[0]

    aliyun = {"success": True, "err_code": "DELIVERED", "report_time": "2017-01-01 00:00:00"}
    samples = {
        "aliyun": {"body": [aliyun, {**aliyun, "biz_id": "1"}, None]},
        "twilio": {},
        "apns": 7,
        "other": {},
        "optout_en": {"stop": ["STOP", 7]},
    }
    (tmp_path / "provider-callbacks.json").write_text(json.dumps(samples))
    row = measure(tmp_path, "provider-callbacks")
    assert row.score is not None
    assert (row.score.right, row.score.of) == (3, 9)

    found = _run(str(tmp_path), "--out", str(tmp_path / "out.json"))
    assert found.exit_code == 1
    assert found.exception is None or isinstance(found.exception, SystemExit)
    assert json.loads((tmp_path / "out.json").read_text())["sms-segments"]["of"] == 4


def test_a_file_that_cannot_be_judged_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "smpp-receipts.json").write_bytes(b"")
    dated = '{"value": "Sun, 06 Nov 1994 08:49:37 +0100 ", "expect": "date"}'
    told = f'\ufeff[{{"value": "7 ", "expect": 7}}, {dated}]'
    (tmp_path / "retry-after.json").write_text(told, encoding="utf-8")
    assert measure(tmp_path, "smpp-receipts").why.startswith("smpp-receipts.json has another form")
    assert good(measure(tmp_path, "retry-after"))
    out = str(tmp_path / "vectors.json")
    assert _run(str(tmp_path), "--out", out).exit_code == 1
    (tmp_path / "smpp-receipts.json").unlink()
    assert _run(str(tmp_path), "--out", out).exit_code == 0


def test_a_folder_without_any_set_is_refused(tmp_path: Path) -> None:
    found = _run(str(tmp_path), "--out", str(tmp_path / "vectors.json"))
    assert found.exit_code == 2
    assert not (tmp_path / "vectors.json").exists()


def test_a_set_may_go_by_a_longer_name(tmp_path: Path) -> None:
    (tmp_path / "other-retry_after-2.json").write_text('[{"value": "7", "expect": 7}]')
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "one.eml").write_bytes(b"From: li@example.com\n\nI paid.")
    (tmp_path / "expected.json").write_text('{"one.eml": [{"hard": false}]}')
    assert good(measure(tmp_path, "retry-after"))
    assert good(measure(tmp_path, "bounces"))
    (tmp_path / "retry-after-3.json").write_text("[]")
    assert measure(tmp_path, "retry-after").why.startswith("one file is wanted")


def test_the_figures_are_written(tmp_path: Path) -> None:
    (tmp_path / "retry-after.json").write_text(json.dumps([{"value": "7", "expect": 7}]))
    out = tmp_path / "vectors.json"
    assert _run(str(tmp_path), "--out", str(out)).exit_code == 0
    assert _run(str(tmp_path / "none")).exit_code == 2
    assert _run(str(tmp_path), "--out", str(out / "below")).exit_code == 2
    figures = json.loads(out.read_text())
    assert figures["retry-after"] == {"right": 1, "of": 1, "wrong": []}
    assert figures["sms-segments"] == {
        "right": 0, "of": 0, "absent": "sms-segments.json is not there",
    }  # fmt: skip
