"""`reminders db`: the database's shape."""

from __future__ import annotations

import typer

from config.settings import load
from reminders.ledger import schema
from reminders.services.clock import clock_of
from reminders.services.opening import open_engine, open_redis

app = typer.Typer(no_args_is_help=True, help="The database's migrations and partitions.")


@app.command()
def migrate() -> None:
    """Bring the database to the newest migration and make this month's partitions."""
    settings = load()
    schema.upgrade(settings.sqlalchemy_url)
    try:
        now = clock_of(settings.clock, open_redis(settings.redis_url)).now()
    except LookupError:
        typer.echo("migrated; the virtual clock is not set, so no partitions yet")
        return
    engine = open_engine(settings)
    with engine.begin() as connection:
        made = schema.ensure_partitions(connection, now)
    engine.dispose()
    typer.echo(f"migrated; {len(made)} partitions made")
