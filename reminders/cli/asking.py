"""Asks the running console for a story: it has imported and opened what a command would have to.

A command imports for longer than it reads. Where no console is named, none answers, or it speaks
of stories in another form, the command reads the ledger itself: nothing is told that is older.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, urlencode, urlsplit

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


class _Answer(NamedTuple):
    status: int
    reason: str
    form: str
    body: bytes


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
    except (_NoAnswer, OSError, ValueError, RecursionError) as error:
        if named:
            why = "".join(filter(str.isprintable, str(error))) or type(error).__name__
            sys.stderr.write(f"note: no answer from the console ({why}): reading the ledger\n")
        return None
    if status in _REFUSED:
        wrong(told["error"])
    found: list[Json] = told
    return found


def _get(at: Console, target: str) -> tuple[int, Any]:  # Any: JSON
    """Raises `_NoAnswer` for all but a story and a refusal of its own."""
    if not (at.token.isascii() and at.token.isprintable()):
        raise _NoAnswer("no header can hold the token")  # an error would quote it
    address = urlsplit(at.url)
    if not address.hostname or address.scheme not in ("http", "https"):
        raise _NoAnswer("its address is no URL")
    exchange = _encrypted if address.scheme == "https" else _plain
    answer = exchange(address, address.path + target, f"Bearer {at.token}")
    if answer.status not in (200, *_REFUSED):
        raise _NoAnswer(f"{answer.status} {answer.reason}")
    if answer.form != FORM:
        raise _NoAnswer("it tells stories in another form")
    return answer.status, json.loads(answer.body)


def _plain(address: SplitResult, target: str, token: str) -> _Answer:
    """HTTP/1.0, whose answer ends with its connection: the library would take a third of the
    command's time to import, for mail headers and certificates that do not come here."""
    import socket

    host = address.netloc.rpartition("@")[2]
    lines = (f"GET {target} HTTP/1.0", f"Host: {host}", f"Authorization: {token}", "", "")
    at = (address.hostname or "", address.port or 80)
    with socket.create_connection(at, timeout=_WITHIN_S) as connection:
        connection.sendall("\r\n".join(lines).encode("ascii"))
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, end, body = answer.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    version, _, status = first.partition(" ")
    code, _, reason = status.partition(" ")
    if not (end and version.startswith("HTTP/") and code.isdecimal()):
        raise _NoAnswer("it does not speak HTTP")
    parted = [field.partition(":") for field in fields]
    said = {name.strip().lower(): text.strip() for name, _, text in parted}
    if said.get("content-length", str(len(body))) != str(len(body)):
        raise _NoAnswer("it broke off")
    return _Answer(int(code), reason, said.get(FORM_HEADER, ""), body)


def _encrypted(address: SplitResult, target: str, token: str) -> _Answer:
    from http.client import HTTPException, HTTPSConnection

    connection = HTTPSConnection(address.hostname or "", address.port, timeout=_WITHIN_S)
    try:
        connection.request("GET", target, headers={"Authorization": token})
        answer = connection.getresponse()
        form = answer.getheader(FORM_HEADER) or ""
        return _Answer(answer.status, answer.reason, form, answer.read())
    except HTTPException as error:
        raise _NoAnswer(str(error) or type(error).__name__) from None
    finally:
        connection.close()


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
