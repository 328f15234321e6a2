"""`reminders publish`: events from a file onto the stream."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, BinaryIO, NoReturn

import typer
from redis.exceptions import RedisError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from reminders.cli.options import Data
from reminders.cli.running import DATA, redis_url
from reminders.events import EventError
from reminders.events.files import Found, read_events
from reminders.services.http_producer import DoorRefused, HttpProducer
from reminders.services.producer import Collecting, Producer

_QUIET_S = 2.0  # what is done sooner needs no bar
_REDRAW_EVERY = 200

File = Annotated[
    str, typer.Argument(metavar="FILE", help="NDJSON, a JSON array or one event; - is stdin.")
]
Url = Annotated[str | None, typer.Option(help="The HTTP door; without it, Redis.")]
Token = Annotated[
    str | None, typer.Option(envvar="REMINDERS_TOKEN", help="A producer's token for --url.")
]


def publish(file: File, url: Url = None, token: Token = None, data: Data = DATA) -> None:
    """Publish events from FILE. Exit code 2 if one of them is invalid; the others are published."""
    invalid = 0
    began = time.monotonic()
    with _input(file) as stream, _reported(), _producer(url, token, data) as producer:
        for found in _shown(stream, read_events(stream)):
            flaw = _publish_one(producer, found)
            if flaw:
                invalid += 1
                typer.echo(f"line {found.line}: {flaw}", err=True)
        counts = producer.flush()
    again = f", {counts.sent - counts.events} sent again" if counts.sent > counts.events else ""
    seconds = time.monotonic() - began
    events = f"{counts.events} event{'' if counts.events == 1 else 's'}"
    typer.echo(f"published {events}, {invalid} invalid{again}, in {seconds:.1f} s")
    if invalid:
        raise typer.Exit(2)


def _publish_one(producer: Collecting, found: Found) -> str:
    """Why it was not published, "" if it was."""
    if found.flaw:
        return found.flaw
    try:
        producer.publish(found.body)
    except EventError as error:
        return error.reason
    return ""


def _shown(stream: BinaryIO, events: Iterator[Found]) -> Iterator[Found]:
    """The same events, with a bar on a terminal once it takes longer than a moment."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from events
        return
    size = os.fstat(stream.fileno()).st_size if stream.seekable() else None
    columns = (TextColumn("{task.fields[count]} events"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, auto_refresh=False)
    task = bar.add_task("", total=size, count=0)
    began = time.monotonic()
    try:
        for number, event in enumerate(events, start=1):
            yield event
            if number % _REDRAW_EVERY == 0 and time.monotonic() - began > _QUIET_S:
                bar.start()
                done = stream.tell() if size else None
                bar.update(task, completed=done, count=number, refresh=True)
    finally:
        bar.stop()


@contextmanager
def _input(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        if error.filename != file:
            raise
        _fail(f"{file}: {error.strerror}", code=2)


def _producer(url: str | None, token: str | None, data: Path) -> Collecting:
    if url is None:
        return Producer(redis_url(data), source="publish")
    if not token:
        _fail("--url needs --token or REMINDERS_TOKEN", code=2)
    try:
        return HttpProducer(url, token)
    except ValueError as error:
        _fail(str(error), code=2)


@contextmanager
def _reported() -> Iterator[None]:
    """A failure to publish in one line; whatever came before it is on the stream."""
    try:
        yield
    except (RedisError, DoorRefused, HTTPException, OSError) as error:
        _fail(f"{error}; publish the file again, twice costs nothing")


def _fail(line: str, code: int = 1) -> NoReturn:
    typer.echo(f"error: {line}", err=True)
    raise typer.Exit(code)
