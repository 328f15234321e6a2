"""Which account PostgreSQL runs under, and what that account can reach."""

import os
import pwd
from pathlib import Path

import pytest

from reminders.servers import unprivileged
from reminders.servers.errors import ServerError

STRANGER = (65_534, 65_534)


def test_whoever_is_not_root_stays_who_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged.choose_user(tmp_path) is None


def test_root_without_an_account_nobody_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(_name: str) -> None:
        raise KeyError

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", nowhere)
    with pytest.raises(ServerError, match="set DATABASE_URL"):
        unprivileged.choose_user(tmp_path / "new")


def test_a_closed_folder_above_closes_everything_below(tmp_path: Path) -> None:
    below = tmp_path / "closed" / "below"
    below.mkdir(parents=True)
    below.chmod(0o755)
    for step in (tmp_path, below.parent):
        step.chmod(0o755)
    opened = unprivileged._has(below, STRANGER, 0o5)
    below.parent.chmod(0o700)
    assert opened
    assert not unprivileged.can_enter(below, STRANGER)


def test_an_owner_may_enter_what_others_may_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    about = tmp_path.stat()
    assert unprivileged._has(tmp_path, (about.st_uid, about.st_gid), 0o7)
    assert not unprivileged._has(tmp_path, STRANGER, 0o1)


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    unprivileged.make_folder(tmp_path, None)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
