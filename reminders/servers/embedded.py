"""Redis and PostgreSQL for a system that was given none: found, started, kept alive."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reminders.servers import ports
from reminders.servers.development import Servers
from reminders.servers.errors import ServerError
from reminders.servers.postgres import Postgres
from reminders.servers.supervisor import Supervisor
from reminders.servers.valkey import Valkey

PORT_TRIES = 3


@contextmanager
def embedded_servers(
    data_dir: Path,
    *,
    redis_url: str | None = None,
    database_url: str | None = None,
    supervisor: Supervisor | None = None,
) -> Iterator[Servers]:
    """Start what is not given, in `data_dir`; data, ports and passwords are kept from run to run.

    A server that dies is restarted on the same port. With no supervisor given, one is made for
    the folder and ends with the block. Raises ServerError, whose message is one line for a user.
    """
    if supervisor is None:
        with Supervisor(data_dir) as own:
            yield start_servers(own, redis_url=redis_url, database_url=database_url)
    else:
        yield start_servers(supervisor, redis_url=redis_url, database_url=database_url)


def start_servers(
    supervisor: Supervisor, *, redis_url: str | None = None, database_url: str | None = None
) -> Servers:
    """As `embedded_servers`, to live as long as the supervisor."""
    if redis_url is None:
        redis_url = _start(supervisor, Valkey(supervisor.data_dir / "redis"))
    if database_url is None:
        database_url = _start(supervisor, Postgres(supervisor.data_dir / "postgres"))
    supervisor.tell(redis=redis_url, database=database_url)
    return Servers(redis_url, database_url)


def _start(supervisor: Supervisor, server: Valkey | Postgres) -> str:
    for left in reversed(range(PORT_TRIES)):
        try:
            supervisor.start(server.process())
        except ServerError:
            if not left or not ports.answers(server.port):
                raise
            server.move()  # someone took the port between our look and the server's start
        else:
            break
    return server.url
