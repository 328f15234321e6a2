"""The three commands on real servers and carriers, with stand-ins for the other processes."""

import typer

from reminders.cli import system as commands
from reminders.servers import system

IDLE = "tests.integration.servers.idle"


def main() -> None:
    system.MIGRATE = ("platform",)  # ends at once
    system.INTAKE = system.WORKER = system.BEAT = system.HTTP = system.LISTEN = (IDLE,)
    app = typer.Typer()
    for command in (commands.up, commands.status, commands.down):
        app.command()(command)
    app()


if __name__ == "__main__":
    main()
