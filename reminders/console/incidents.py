"""`GET /v1/incidents/NUMBER`: one incident and everybody whom it touched, for operators.

A page of so many at a time (`?page=2`), or with `?as=json` the same as a document.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from html import escape

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, asked, bearer, want_method
from reminders.console.operations import Opened
from reminders.console.operations_page import SECURITY, at, document, said, section
from reminders.console.operators import Operators
from reminders.services import incidents
from reminders.services.incidents import IncidentError, Told

PATH = "/v1/incidents/"
_FIELDS = ("page", "as", "token")
_MOST_DIGITS = 12
Look = Callable[[int, int], Told]


def look_with(opened: Opened) -> Look:
    """A look on the ledger: at an incident's number and a page, from 1."""

    def look(number: int, page: int) -> Told:
        return opened.look(lambda resources: incidents.told(resources, number, page))()

    return look


class IncidentsDoor:
    """`look` blocks and raises `IncidentError`; `tokens`: a person's name → their token."""

    def __init__(self, look: Look, tokens: Mapping[str, str]) -> None:
        self._look = look
        self._operators = Operators(tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "GET")
        query = asked(scope, _FIELDS)
        self._operators.named(bearer(scope) or query.get("token", ""))
        number = _number(scope["path"].removeprefix(PATH))
        page = _number(query.get("page", "1"))
        try:
            found = await asyncio.to_thread(self._look, number, page)
        except IncidentError as error:
            raise Refused(404, str(error)) from None
        except (SQLAlchemyError, RedisError, LookupError):
            raise Refused(503, "cannot look now", retry_after="5") from None
        as_json = query.get("as", "") == "json"
        body = _document(found) if as_json else _page(found)
        kind = "application/json" if as_json else "text/html; charset=utf-8"
        fields = {**SECURITY, "content-type": kind, "content-length": str(len(body))}
        headers = [(name.encode(), each.encode()) for name, each in fields.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= _MOST_DIGITS and int(text)):
        raise Refused(404, "incidents and their pages have numbers")
    return int(text)


def _document(found: Told) -> bytes:
    return json.dumps(asdict(found), default=str, ensure_ascii=False).encode("utf-8", "replace")


def _page(found: Told) -> bytes:
    one = found.incident
    ended = (
        f"closed {at(one.closed_at)} by {said(one.closed_by)}: {said(one.closed_why)}"
        if one.closed_at
        else '<b class="bad">open</b>'
    )
    did = ", ".join(
        f"{said(effect)} {reminders:,} ({customers:,} customers)"
        for effect, (reminders, customers) in found.counts.items()
    )
    head = (
        f"<header><h1>Incident {one.number}: {said(one.channel)}</h1></header>"
        f"<p>opened {at(one.opened_at)} by {said(one.opened_by)}: {said(one.why)}</p>"
        f"<p>{ended}</p><p>{did or 'it touched nobody'}</p>"
    )
    rows = [
        (
            *(at(each.at), said(each.customer), said(each.bill_id), said(each.stage)),
            *(said(each.effect), said(each.channel), said(each.state)),
        )
        for each in found.touched
    ]
    names = ("at", "customer", "bill", "stage", "effect", "instead of", "now")
    whole = sum(reminders for reminders, _ in found.counts.values())
    note = f"page {found.page} of {max(1, -(-whole // found.size))}, {whole:,} in all"
    command = escape(f"reminders incident affected {one.number}")
    table = section("Whom it touched", note, command, names, rows, "nobody on this page")
    return document(f"Incident {one.number}", head + table).encode("utf-8", "replace")
