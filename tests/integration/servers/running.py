"""A supervisor in a process of its own, to be killed: `python -m … FOLDER` prints `ready`."""

import signal
import sys
from pathlib import Path

from reminders.servers.embedded import start_servers
from reminders.servers.supervisor import Supervisor


def main(folder: Path) -> None:
    with Supervisor(folder, sink=lambda _name, _line: None) as supervisor:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.request_stop())
        start_servers(supervisor)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        supervisor.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
