"""Free TCP ports on the loopback address, kept the same from run to run."""

import secrets
import socket

HOST = "127.0.0.1"
# Below the ephemeral range of Linux (32768) and macOS (49152): while a server is down no outgoing
# connection can be given its port, and no client can connect to itself by simultaneous open.
FIRST, LAST = 15_000, 32_000
# The system's own chance: two processes that are seeded alike would choose the same port at once,
# before either listens on it.
_CHANCE = secrets.SystemRandom()


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now; TIME_WAIT of an earlier one does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def answers(port: int, within_s: float = 0.5) -> bool:
    """Whether anything accepts connections on the port."""
    try:
        socket.create_connection((HOST, port), within_s).close()
    except OSError:
        return False
    return True


def choose(previous: int | None = None) -> int:
    """The previous port where it is still free, else a random free one."""
    if previous is not None and is_free(previous):
        return previous
    while True:
        port = _CHANCE.randrange(FIRST, LAST)
        if is_free(port):
            return port
