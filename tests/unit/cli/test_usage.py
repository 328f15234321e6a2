"""A mistyped command line is told in one line, exit code 2."""

from __future__ import annotations

import pytest

from reminders.cli.commands import app
from reminders.cli.usage import run


def ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[object, str, str]:
    monkeypatch.setattr("sys.argv", ["reminders", *words])
    with pytest.raises(SystemExit) as caught:
        run(app)
    told = capsys.readouterr()
    return caught.value.code, told.out, told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["incident", "open", "sms"], "missing option '--actor' (see `reminders incident open"),
        (["incident", "close", "x", "--actor", "a", "--reason", "b"],
         "invalid value for 'NUMBER': no whole number (see `reminders incident close"),
        (["uncertain", "list", "--limit", "0"],
         "invalid value for '--limit': it must be greater than or equal to 1 (see `"),
        (["task", "list", "--kind", "chore"],
         "invalid value for '--kind': 'chore' is not one of 'reminder', 'unreachable', 'reply', "),
        (["timeline"], "missing argument 'BILL' (see `reminders timeline"),
        (["policy", "list", "--sytem", "x"], "no such option: --sytem (see `reminders policy list"),
        (["polcy"], "no such command 'polcy'"),
    ],
)  # fmt: skip
def test_what_is_mistyped_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    code, out, error = ended(monkeypatch, capsys, *words)
    assert (code, out) == (2, "")
    assert error.startswith(f"error: {said}")
    assert error.endswith(" --help`)\n")
    assert error.count("\n") == 1


def test_help_is_no_mistake_and_nothing_asked_shows_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, error = ended(monkeypatch, capsys, "task", "--help")
    assert (code, error) == (0, "")
    assert "give-back" in out
    code, out, error = ended(monkeypatch, capsys)
    assert code == 2
    assert "timeline" in out + error


def test_an_exit_code_of_a_command_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    code, _, error = ended(monkeypatch, capsys, "policy", "lint", f"{tmp_path}/none.yaml")
    assert code == 2
    assert error.count("\n") == 1
    assert ended(monkeypatch, capsys, "policy", "schema")[0] in (0, None)
