"""Asks the running console for a story: it has imported and opened what a command would have to.

A command imports for longer than it reads. Where no console is named, none answers, or it speaks
of stories in another form, the command reads the ledger itself: nothing is told that is older.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from config.asking import Console, console, names_a_ledger
from reminders.cli.running import wrong

if TYPE_CHECKING:
    from ssl import SSLContext

Json = dict[str, Any]  # Any: JSON
# As the door of stories says it of everything that it answers; another form is not read.
FORM_HEADER, FORM = "x-story-form", "1"
# What a system that runs in a folder keeps there, of which more is told in `reminders.servers`.
STATE, SECRETS = "supervisor.json", "dev-secrets.json"
_WITHIN_S = 5.0  # for the whole answer, however it comes
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
    answer = _exchanged(address, _request("1.0", address, target, token), 80)
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
    """What stands in front may speak HTTP/1.1 alone, and the library reads all of that."""
    import ssl
    from http.client import HTTPException, HTTPResponse
    from io import BytesIO

    request = _request("1.1", address, target, token, "Connection: close")
    answer = _exchanged(address, request, 443, ssl.create_default_context())

    class Whole:
        """The answer as a socket that has it all."""

        def makefile(self, mode: str) -> BytesIO:
            return BytesIO(answer)

    try:
        read = HTTPResponse(cast("Any", Whole()), method="GET")  # Any: asks for a socket's file
        read.begin()
        return _Answer(read.status, read.reason, read.getheader(FORM_HEADER) or "", read.read())
    except HTTPException as error:
        raise _NoAnswer(str(error) or type(error).__name__) from None


def _request(version: str, address: SplitResult, target: str, token: str, *more: str) -> bytes:
    host = address.netloc.rpartition("@")[2]
    lines = (f"GET {target} HTTP/{version}", f"Host: {host}", f"Authorization: {token}", *more)
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _exchanged(
    address: SplitResult, request: bytes, port: int, tls: SSLContext | None = None
) -> bytes:
    """All that comes back until the other side ends it. A console that drips keeps nobody waiting:
    what is not there in time is no answer."""
    import socket

    until = time.monotonic() + _WITHIN_S
    host = address.hostname or ""
    # Half for each address: most names have one for IPv6 and one for IPv4.
    at = (host, address.port or port)
    try:
        connection = socket.create_connection(at, timeout=_WITHIN_S / 2)
        with connection:
            if tls is not None:
                connection.settimeout(_left(until))
                connection = tls.wrap_socket(connection, server_hostname=host)
            with connection:
                parts = []
                connection.settimeout(_left(until))
                connection.sendall(request)
                while part := connection.recv(65_536):
                    parts.append(part)
                    connection.settimeout(_left(until))
    except TimeoutError:
        raise _NoAnswer(f"none within {_WITHIN_S:g} s") from None
    return b"".join(parts)


def _left(until: float) -> float:
    """Seconds; a time-out of 0 would be none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


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
