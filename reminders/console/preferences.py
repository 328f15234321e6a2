"""`/v1/preferences/{pass}`: a customer's own settings, as a page of forms or as JSON.

The pass in the path is the only credential: no cookie, so that no other site can act with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import parse_qs
from uuid import UUID

from pydantic_core import from_json
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, answer, header, read_body
from reminders.console.one_click import is_one_click
from reminders.console.preference_answers import changed_json, send_page, standing_json
from reminders.console.preference_page import changed_page, note_page, settings_page
from reminders.console.preference_words import Words, words_for
from reminders.domain.customer import ChannelName
from reminders.services.preferences.change import Changed
from reminders.services.preferences.errors import LastChannel, PreferenceError, UnknownCustomer
from reminders.services.preferences.passes import (
    PATH,
    customer_of_pass,
    disclosure_shown,
    shown_disclosure,
)
from reminders.services.preferences.show import Standing

__all__ = ["PATH", "Desk", "PreferencesDoor"]

MAX_BODY = 4096
_Fields = Mapping[str, Sequence[object]]
_ONE_CLICK = "one-click"  # an act that no path names: the body does
_ON_OFF = {"on": True, "off": False, True: True, False: False}


class Desk(Protocol):
    """What the page does, for a customer by their reference. Every call blocks."""

    def show(self, ref: str) -> Standing: ...
    def change(self, ref: str, channel: str, kind: str, allowed: bool) -> Changed: ...
    def unsubscribe(self, ref: str, channel: str) -> None: ...
    def choose(self, ref: str, offsets: Sequence[int]) -> None: ...
    def acknowledge(self, ref: str, change_no: UUID, version: str, language: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request: whose page it is, and how it wants its answer."""

    ref: str
    path: str  # of the page itself
    act: str  # "", "offsets" or "acknowledge"
    json: bool
    words: Words
    send: Send


class PreferencesDoor:
    """GET shows, POST changes; `key` signs the passes.

    A mail names the page as its List-Unsubscribe: the one-click POST of RFC 8058 ends e-mail.
    """

    def __init__(self, desk: Desk, key: str) -> None:
        self._desk = desk
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        as_json = b"application/json" in header(scope, b"accept")
        chinese = b"zh" in header(scope, b"accept-language").lower()
        words = words_for("zh-CN" if chinese else "en")
        token, _, act = scope["path"].removeprefix(PATH).partition("/")
        ref = customer_of_pass(token, self._key) if self._key else None
        visit = _Visit(ref or "", f"{PATH}{token}", act, as_json, words, send)
        try:
            await self._serve(visit, scope, receive)
        except Refused as no:
            if as_json:
                raise
            line = words.stale_link if no.status == 401 else no.reason
            page = note_page(words, words.refused, line, visit.path if ref else "")
            await send_page(send, no.status, page, no.headers)

    async def _serve(self, visit: _Visit, scope: Scope, receive: Receive) -> None:
        if not visit.ref:
            raise Refused(401, "a fresh pass to the preference page is wanted")
        if visit.act not in ("", "offsets", "acknowledge"):
            raise Refused(404, "there is nothing here")
        methods = ("POST",) if visit.act else ("GET", "POST")
        if scope["method"] not in methods:
            raise Refused(405, f"only {' and '.join(methods)} work here", allow=", ".join(methods))
        fields: _Fields = {}
        if scope["method"] == "POST":
            body = await read_body(scope, receive, MAX_BODY)
            kind = header(scope, b"content-type")
            if not visit.act and is_one_click(body, kind):
                visit = replace(visit, act=_ONE_CLICK)
            else:
                fields = _fields(body, kind)
        await self._refusing(visit, fields, scope["method"])

    async def _refusing(self, visit: _Visit, fields: _Fields, method: str) -> None:
        try:
            await self._act(visit, fields, method)
        except UnknownCustomer as error:
            raise Refused(404, str(error)) from None
        except LastChannel as error:
            await self._keep_on(visit, error)
        except PreferenceError as error:
            raise Refused(422, str(error)) from None
        except (SQLAlchemyError, RedisError):
            raise Refused(503, "cannot do this now", retry_after="1") from None

    async def _act(self, visit: _Visit, fields: _Fields, method: str) -> None:
        match visit.act, method:
            case "", "GET":
                await self._show(visit, "")
            case "", _:
                await self._change(visit, fields)
            case act, _ if act == _ONE_CLICK:
                await self._unsubscribe(visit)
            case "offsets", _:
                await asyncio.to_thread(self._desk.choose, visit.ref, _offsets(fields))
                await self._show(visit, "saved")
            case _:
                await self._acknowledge(visit, fields)

    async def _show(self, visit: _Visit, note: str) -> None:
        standing = await asyncio.to_thread(self._desk.show, visit.ref)
        if visit.json:
            await answer(visit.send, 200, standing_json(standing), {"cache-control": "no-store"})
            return
        words = words_for(standing.language)
        said = words.saved if note else ""
        await send_page(visit.send, 200, settings_page(words, standing, visit.path, said))

    async def _change(self, visit: _Visit, fields: _Fields) -> None:
        channel, kind = _text(fields, "channel"), _text(fields, "kind", "*")
        allowed = _flag(fields, "allowed")
        made = await asyncio.to_thread(self._desk.change, visit.ref, channel, kind, allowed)
        said, seen = made.disclosure, ""
        if said:
            seen = shown_disclosure(str(made.change_no), said.version, said.language, self._key)
        if visit.json:
            told = changed_json(made, seen)
            await answer(visit.send, 200, told, {"cache-control": "no-store"})
            return
        standing = await asyncio.to_thread(self._desk.show, visit.ref)
        words = words_for(standing.language)
        asked = (channel, kind, allowed)
        page = changed_page(words, standing, asked, made, visit.path, seen)
        await send_page(visit.send, 200, page)

    async def _unsubscribe(self, visit: _Visit) -> None:
        """No page is shown: nobody looks, and what was asked is done (RFC 8058 §3.1)."""
        await asyncio.to_thread(self._desk.unsubscribe, visit.ref, ChannelName.EMAIL)
        await answer(visit.send, 200, {"unsubscribed": True}, {"cache-control": "no-store"})

    async def _keep_on(self, visit: _Visit, error: LastChannel) -> None:
        """The last channel stays on: say so in the customer's own words."""
        if visit.json:
            raise Refused(409, str(error))
        words = words_for((await asyncio.to_thread(self._desk.show, visit.ref)).language)
        name = words.channels.get(error.channel, error.channel)
        line = words.last_channel.format(channel=name)
        await send_page(visit.send, 409, note_page(words, words.refused, line, visit.path))

    async def _acknowledge(self, visit: _Visit, fields: _Fields) -> None:
        shown = disclosure_shown(_text(fields, "seen"), self._key)
        if shown is None:
            raise Refused(422, "that disclosure was never shown")
        change_no, version, language = shown
        await asyncio.to_thread(
            self._desk.acknowledge, visit.ref, UUID(change_no), version, language
        )
        if visit.json:
            await answer(visit.send, 200, {"acknowledged": version})
            return
        words = words_for(language)
        page = note_page(words, words.title, words.acknowledged, visit.path)
        await send_page(visit.send, 200, page)


def _fields(body: bytes, content_type: bytes) -> _Fields:
    """The fields of a form or of a JSON object, each as a list. Raises `Refused`."""
    kind = content_type.partition(b";")[0].strip().lower()
    try:
        if kind == b"application/json":
            given = from_json(body)
            if not isinstance(given, dict):
                raise Refused(400, "the body is not a JSON object")
            return {
                name: each if isinstance(each, list) else [each] for name, each in given.items()
            }
        if kind == b"application/x-www-form-urlencoded":
            return {**parse_qs(body.decode("utf-8"), max_num_fields=50)}
    except ValueError:
        raise Refused(400, "the body cannot be read") from None
    raise Refused(415, "send a form or JSON")


def _text(fields: _Fields, name: str, default: str = "") -> str:
    given = fields.get(name, [default])
    if len(given) != 1 or not isinstance(given[0], str):
        raise Refused(422, f"{name} is one word")
    return given[0]


def _flag(fields: _Fields, name: str) -> bool:
    given = fields.get(name, [])
    value = given[0] if len(given) == 1 else None
    if not isinstance(value, str | bool) or value not in _ON_OFF:
        raise Refused(422, f"{name} is on or off")
    return _ON_OFF[value]


def _offsets(fields: _Fields) -> list[int]:
    given = fields.get("offset") or fields.get("offsets") or []
    try:
        return [_day(each) for each in given]
    except ValueError:
        raise Refused(422, "offsets are days from the due date, such as -3") from None


def _day(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError(given)
    if isinstance(given, str) and len(given) > 4:
        raise ValueError(given)
    return int(given)
