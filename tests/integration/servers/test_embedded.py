"""Embedded servers keep their data, their address and their password, and survive being killed."""

import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from reminders.servers import state
from reminders.servers.development import Servers
from reminders.servers.embedded import embedded_servers, start_servers
from reminders.servers.errors import ServerError
from reminders.servers.supervisor import Supervisor
from tests.integration.servers.conftest import Start, until


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """As everybody gets them: those of the session do not wait for the disk."""
    folder = tmp_path_factory.mktemp("shipped")
    with Supervisor(folder, sink=lambda name, line: None) as supervisor:
        yield start_servers(supervisor)


def _counted(url: str) -> int:
    """One row more in a table, and how many rows it has."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
    assert row is not None
    return int(row[0])


def _increased(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        return int(client.incr("kept"))


def _answers(url: str) -> bool:
    with suppress(redis.RedisError), redis.Redis.from_url(url) as client:
        return bool(client.ping())
    return False


def _accepts(url: str) -> bool:
    with suppress(psycopg.Error), psycopg.connect(url.replace("+psycopg", "")):
        return True
    return False


def test_data_address_and_password_are_kept_across_runs(start: Start) -> None:
    with start() as (_, first):
        assert _increased(first.redis_url) == 1
        assert _counted(first.database_url) == 1
    with start() as (_, second):
        assert second == first
        assert _increased(second.redis_url) == 2
        assert _counted(second.database_url) == 2


def test_a_killed_redis_comes_back_with_every_acknowledged_write(start: Start) -> None:
    with start() as (supervisor, servers):
        for _ in range(50):
            _increased(servers.redis_url)
        before = supervisor.pids()["redis"]
        supervisor.kill("redis", signal.SIGKILL)
        until(lambda: supervisor.pids().get("redis", before) != before)
        until(lambda: _answers(servers.redis_url))
        assert _increased(servers.redis_url) == 51


def test_a_killed_database_comes_back_with_every_commit(start: Start) -> None:
    with start() as (supervisor, servers):
        assert _counted(servers.database_url) == 1
        before = supervisor.pids()["database"]
        supervisor.kill("database", signal.SIGKILL)
        until(lambda: supervisor.pids().get("database", before) != before)
        until(lambda: _accepts(servers.database_url))
        assert _counted(servers.database_url) == 2


def test_the_pid_file_of_a_killed_database_does_not_hinder_when_the_number_is_reused(
    start: Start, tmp_path: Path
) -> None:
    with start() as (_, servers):
        assert _counted(servers.database_url) == 1
    stale = tmp_path / "data" / "postgres" / "cluster" / "postmaster.pid"
    stale.write_text(f"{psutil.Process().pid}\n")
    with start() as (_, servers):
        assert _counted(servers.database_url) == 2


def test_both_want_a_password(servers: Servers) -> None:
    address = servers.redis_url.rpartition("@")[2]
    with (
        redis.Redis.from_url(f"redis://{address}") as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()
    where = servers.database_url.rpartition("@")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://reminders:wrong@{where}")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://reminders@{where}")


def test_passwords_are_in_no_command_line_and_in_no_file_that_others_can_read(
    start: Start, tmp_path: Path
) -> None:
    with start() as (supervisor, servers):
        secrets = [url.split("@")[0].rpartition(":")[2] for url in (servers.redis_url,)]
        secrets.append(servers.database_url.split("@")[0].rpartition(":")[2])
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # PostgreSQL has one for each connection
                told = " ".join(process.cmdline())
                assert not any(secret in told for secret in secrets)
        supervisor.publish()
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file() and not file.name.endswith(".log"):
            text = file.read_bytes()
            if any(secret.encode() in text for secret in secrets):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_redis_refuses_to_evict_and_writes_before_it_answers(servers: Servers) -> None:
    with redis.Redis.from_url(servers.redis_url) as client:
        wanted = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
        for name, value in wanted.items():
            assert client.config_get(name) == {name: value}


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "server_encoding": "UTF8",
        "fsync": "on",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
        "track_commit_timestamp": "on",
        "jit": "off",
    }.items(),
)
def test_the_database_is_utf8_in_utc_and_commits_to_disk(
    servers: Servers, name: str, value: str
) -> None:
    with psycopg.connect(servers.database_url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert found == (value,)


def test_a_second_supervisor_of_the_same_folder_is_refused(start: Start, tmp_path: Path) -> None:
    with start(), pytest.raises(ServerError, match=r"in use by process .*reminders down"):
        Supervisor(tmp_path / "data")
    assert state.read_state(tmp_path / "data") is None


def test_what_is_given_is_not_embedded(tmp_path: Path) -> None:
    given = {"redis_url": "redis://other", "database_url": "postgresql://other/reminders"}
    with (
        Supervisor(tmp_path, sink=lambda _name, _line: None) as supervisor,
        embedded_servers(tmp_path, supervisor=supervisor, **given) as servers,
    ):
        assert supervisor.pids() == {}
        assert (servers.redis_url, servers.database_url) == tuple(given.values())


def test_a_port_that_was_taken_meanwhile_is_left_to_its_owner(start: Start) -> None:
    with start() as (_, first):
        port = int(first.redis_url.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)), start() as (_, second):
        assert second.redis_url != first.redis_url
        assert second.database_url == first.database_url
        assert _increased(second.redis_url) == 1
