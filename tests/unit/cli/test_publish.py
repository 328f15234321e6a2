"""`reminders publish` publishes what it can, names what it cannot, and says so by its code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer
from redis.exceptions import ConnectionError
from rich.console import Console
from typer.testing import CliRunner, Result

from reminders.cli import publish as module
from reminders.services.producer import Collecting
from tests.unit.events.samples import raw


class Kept(Collecting):
    """Keeps what is sent, or fails as `failure` says."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__(batch=2, check=True, patience_s=0)
        self.bodies: list[bytes] = []
        self.failure = failure

    def _send(self, bodies: Sequence[bytes]) -> None:
        if self.failure:
            raise self.failure
        self.bodies.extend(bodies)

    def close(self) -> None:
        pass


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(module, "_producer", lambda url, token, data: kept)
    return kept


def publish(*arguments: str, stdin: bytes = b"") -> Result:
    app = typer.Typer()
    app.command()(module.publish)
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_lines_from_stdin(kept: Kept) -> None:
    result = publish("-", stdin=raw(id="1") + b"\n" + raw(id="2") + b"\n" + raw(id="3"))
    assert result.exit_code == 0
    assert kept.bodies == [raw(id="1"), raw(id="2"), raw(id="3")]
    assert "published 3 events, 0 invalid" in result.stdout


def test_an_array_in_a_file(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps([json.loads(raw(id="1")), json.loads(raw(id="2"))], indent=2))
    assert publish(str(file)).exit_code == 0
    assert [json.loads(body)["id"] for body in kept.bodies] == ["1", "2"]


def test_every_documented_example(kept: Kept) -> None:
    examples = sorted(Path(__file__).parents[3].glob("docs/events/*.example.json"))
    for example in examples:
        assert publish(str(example)).exit_code == 0
    assert len(kept.bodies) == len(examples) == 17


def test_invalid_ones_are_named_by_line_and_cost_no_other(kept: Kept) -> None:
    lines = [raw(id="1"), b"", raw(type="bill.lost"), b"{", raw(id="2")]
    result = publish("-", stdin=b"\n".join(lines))
    assert result.exit_code == 2
    assert kept.bodies == [raw(id="1"), raw(id="2")]
    assert "line 3: unknown type bill.lost" in result.stderr
    assert "line 4: Invalid JSON" in result.stderr
    assert "published 2 events, 2 invalid" in result.stdout


def test_an_array_cut_off_is_an_error(kept: Kept) -> None:
    result = publish("-", stdin=b"[" + raw() + b",")
    assert result.exit_code == 2
    assert kept.bodies == [raw()]
    assert "ends before its array" in result.stderr


def test_nothing_to_publish_is_nothing_wrong(kept: Kept) -> None:
    assert publish("-").exit_code == 0


def test_a_file_that_is_not_there_is_one_line(kept: Kept) -> None:
    result = publish("nowhere.json")
    assert result.exit_code == 2
    assert result.stderr == "error: nowhere.json: No such file or directory\n"


def test_a_lost_redis_is_one_line_and_code_1(kept: Kept) -> None:
    kept.failure = ConnectionError("connection refused")
    result = publish("-", stdin=raw())
    assert result.exit_code == 1
    assert result.stderr.startswith("error: connection refused; publish the file again")


@pytest.mark.parametrize(("quiet_s", "shown"), [(60.0, False), (-1.0, True)])
def test_a_bar_is_shown_on_a_terminal_once_it_takes_long(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet_s: float, shown: bool
) -> None:
    monkeypatch.setattr(module, "Console", lambda stderr: Console(stderr=True, force_terminal=True))
    monkeypatch.setattr(module, "_QUIET_S", quiet_s)
    monkeypatch.setattr(module, "_REDRAW_EVERY", 1)
    file = tmp_path / "events.ndjson"
    file.write_bytes(raw(id="1") + b"\n" + raw(id="2"))
    result = publish(str(file))
    assert result.exit_code == 0
    assert ("2 events" in result.stderr) is shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url", "http://127.0.0.1:1"), "needs --token"),
        (("--url", "ftp://example.com", "--token", "t"), "not an http"),
    ],
)
def test_a_door_needs_an_address_and_a_token(arguments: tuple[str, ...], said: str) -> None:
    result = publish("-", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
