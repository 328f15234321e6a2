"""`reminders inbox-token`: the pass to one customer's inbox, for an app in development."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from reminders.cli import running
from reminders.services.inbox_token import inbox_token as make_token

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="As billing calls them.")]
Hours = Annotated[int, typer.Option(min=1, max=24 * 90, help="How long the token is good for.")]

Data = Annotated[Path, typer.Option(help="The running system's folder, where no settings are.")]


def inbox_token(customer: Customer, hours: Hours = 24, data: Data = running.DATA) -> None:
    """Print a bearer token for GET /v1/inbox/CUSTOMER; it opens no other inbox."""
    key = running.settings(data).inbox_key.get_secret_value()
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    typer.echo(make_token(customer, key, expires_at))
