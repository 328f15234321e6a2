"""The `reminders` command."""

from __future__ import annotations

import sys

import typer
from redis.exceptions import RedisError
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.settings import SettingsError
from reminders.cli import (
    database,
    dead,
    demo,
    explain,
    inbox_pass,
    intake,
    policy,
    preference,
    publish,
    retry,
    risk,
    simulate,
    system,
    tier,
    timeline,
)
from reminders.domain.errors import DomainError
from reminders.ledger.errors import LedgerError
from reminders.services.clock import ClockNotSet

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tells every customer about every bill, and never after they have paid.",
)
app.command()(system.up)
app.command()(system.status)
app.command()(system.down)
app.command()(publish.publish)
app.command()(intake.intake)
app.command()(retry.retry)
app.command()(timeline.timeline)
app.command()(explain.explain)
app.command("inbox-token")(inbox_pass.inbox_token)
app.command()(demo.demo)
app.command()(simulate.simulate)
app.add_typer(dead.app, name="dead")
app.add_typer(preference.app, name="preference")
app.add_typer(risk.app, name="risk")
app.add_typer(tier.app, name="tier")
app.add_typer(database.app, name="db")
app.add_typer(policy.app, name="policy")


def run() -> None:
    """Run the command; a failure is one line and an exit code, never a traceback."""
    try:
        app()
    except SettingsError as error:
        _fail(f"settings are missing or wrong:\n{error}", 2)
    except (DomainError, LedgerError, ClockNotSet) as error:
        _fail(str(error), 2)
    except OperationalError as error:
        _fail(f"PostgreSQL does not answer: {str(error.orig).splitlines()[0]}", 1)
    except ProgrammingError as error:
        why = str(error.orig).splitlines()[0]
        _fail(f"PostgreSQL refuses: {why} (is it migrated? `reminders db migrate`)", 1)
    except RedisError as error:
        _fail(f"Redis does not answer: {error}", 1)


def _fail(line: str, code: int) -> None:
    Console(stderr=True, highlight=False, markup=False).print(f"error: {line}")
    sys.exit(code)


if __name__ == "__main__":
    run()
