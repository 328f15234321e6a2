"""What `up` says once all of it runs: a new user's next steps, with the folder's own secrets."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from reminders.cli.system import greeting
from reminders.servers import development
from reminders.servers.development import Ports, Servers

AT = Ports(http=1, sms=2, smtp=3, control=4)
SERVERS = Servers("redis://here", "postgresql://here/reminders")


def words(folder: Path, clock: str = "machine", **given: str) -> str:
    drawn = development.load_secrets(folder)
    env = development.environment(SERVERS, drawn, AT, sandbox=True, given=given)
    return "\n".join(greeting(folder, AT, env | {"REMINDERS_CLOCK": clock}, sandbox=True))


def test_it_names_the_operations_page_as_a_browser_opens_it(tmp_path: Path) -> None:
    token = development.load_secrets(tmp_path)["operator_token"]
    told = words(tmp_path)
    assert f"http://127.0.0.1:1/v1/operations?token={token}\n" in told
    assert str(tmp_path / development.SECRETS) in told
    assert "clock" not in told


def test_a_token_that_was_given_is_not_shown(tmp_path: Path) -> None:
    told = words(tmp_path, REMINDERS_OPERATOR_TOKENS='{"lin": "lin-token"}')
    assert "/v1/operations?token=<an operator's>" in told
    assert "lin-token" not in told
    assert development.load_secrets(tmp_path)["operator_token"] not in told


def test_a_clock_that_stands_is_told(tmp_path: Path) -> None:
    assert "where a demo left it" in words(tmp_path, clock="virtual")


def test_the_command_that_stops_it_stops_this_folder_and_no_other(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "of a demo"):
        folder.mkdir(exist_ok=True)
        assert f"reminders down --data {quote(str(folder))}`" in words(folder)
