"""Stands in for a process of the system: listens where told, waits to be stopped."""

import signal
import socket
import sys


def main(arguments: list[str]) -> None:
    if "--port" in arguments:
        port = int(arguments[arguments.index("--port") + 1])
        with socket.create_server(("127.0.0.1", port)):
            signal.pause()
    sys.stdout.write("idle\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1:])
