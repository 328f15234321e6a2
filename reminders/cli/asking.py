"""Asks the running console for a story: it has imported and opened what a command would have to.

A command imports for longer than it reads. Where no console is named, none answers, or it speaks
of stories in another form, the command reads the ledger itself: nothing is told that is older.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import typer

from config.asking import Console, console, names_a_ledger
from reminders.cli.running import wrong

Json = dict[str, Any]  # Any: JSON
# As the door of stories says it of everything that it answers; another form is not read.
FORM_HEADER, FORM = "x-story-form", "1"
# What a system that runs in a folder keeps there, of which more is told in `reminders.servers`.
STATE, SECRETS = "supervisor.json", "dev-secrets.json"
_WITHIN_S = 5.0
_REFUSED = (404, 422)  # of the door itself: what was asked for does not exist


class _NoAnswer(Exception):
    """Why the console did not tell the story."""


def ask(story: str, bill: str, query: Mapping[str, str], data: Path) -> list[Json] | None:
    """The documents of `story` (explain, timeline), or None where the ledger is to be read.

    What the console refuses is bad input: one line and exit code 2.
    """
    named = True
    try:
        at = console()
        if at is None:
            named, at = False, _running(data)
        if at is None:
            return None
        path = f"/v1/{story}/{quote(bill, safe='')}"
        given = {name: value for name, value in query.items() if value}
        status, told = _get(at, f"{path}?{urlencode(given)}" if given else path)
    except (_NoAnswer, OSError, HTTPException, ValueError) as error:
        if named:
            why = str(error) or type(error).__name__
            typer.echo(f"note: no answer from the console ({why}): reading the ledger", err=True)
        return None
    if status in _REFUSED:
        wrong(told["error"])
    found: list[Json] = told
    return found


def _get(at: Console, target: str) -> tuple[int, Any]:  # Any: JSON
    """Raises `_NoAnswer` for all but a story and a refusal of its own."""
    if not (at.token.isascii() and at.token.isprintable()):
        raise _NoAnswer("no header can hold the token")  # http.client would quote it
    address = urlsplit(at.url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=_WITHIN_S)
    try:
        headers = {"Authorization": f"Bearer {at.token}"}
        connection.request("GET", address.path + target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status not in (200, *_REFUSED):
        raise _NoAnswer(f"{answer.status} {answer.reason}")
    if answer.getheader(FORM_HEADER) != FORM:
        raise _NoAnswer("it tells stories in another form")
    return answer.status, json.loads(body)


def _running(data: Path) -> Console | None:
    """The console of the system that runs in the folder, where the environment names no ledger."""
    if names_a_ledger():
        return None
    try:
        state, secrets = (json.loads((data / name).read_text()) for name in (STATE, SECRETS))
        os.kill(state["pid"], 0)  # raises where nothing runs any more
        return Console(state["urls"]["http"], secrets["operator_token"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
