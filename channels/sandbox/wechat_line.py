"""A simulated WeChat: its token endpoint, template messages, and events signed in their query."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qs, urlencode

import aiohttp

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.desk import Desk
from channels.sandbox.http_server import Request
from channels.sandbox.journal import Journal
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Postman
from channels.sandbox.scripts import Said, Script, script_of_mark
from channels.wechat.sealing import Seal
from channels.wechat.signature import sign

_TEMPLATE = "sandbox-template"
_FIELD = "content"
_LIFE_S = 7200
_CODES = {"unknown_subscriber": 40003, "429": 45009, "503": -1}
_STATUSES = {"DELIVRD": "success", "UNDELIV": "failed:user block"}


def _script(openid: str) -> Script:
    """WeChat speaks once a message is finished, not before."""
    script = script_of_mark(openid)
    return replace(script, receipts=tuple(s for s in script.receipts if s.status in _STATUSES))


class _Carrier(Carrier):
    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        return {
            "FromUserName": message.to,
            "CreateTime": int(dated_at.timestamp()),
            "MsgType": "event",
            "Event": "TEMPLATESENDJOBFINISH",
            "MsgID": _number(ref),
            "Status": _STATUSES[said.status],
        }


def _number(ref: str) -> int:
    return int(ref, 16) + 1


def event_xml(event: Mapping[str, object]) -> bytes:
    lines = (f"<{name}><![CDATA[{value}]]></{name}>" for name, value in event.items())
    return f"<xml>{''.join(lines)}</xml>".encode()


def _write(found: Sequence[Mapping[str, object]], _: str) -> tuple[bytes, Mapping[str, str]]:
    (event,) = found
    return event_xml(event), {"Content-Type": "text/xml"}


class _Postman(Postman):
    """Seals each event and signs each call anew, in its query: one that comes hours late must not
    be too old."""

    def __init__(self, url: str, token: str, seal: Seal) -> None:
        super().__init__(url, _write, 1)
        self._token = token
        self._seal = seal

    async def _once(
        self, session: aiohttp.ClientSession, url: str, found: Sequence[Mapping[str, object]]
    ) -> bool:
        (event,) = found
        sealed = self._seal.close(event_xml(event))
        stamp, nonce = str(int(time.time())), secrets.token_hex(4)
        query = {
            "signature": sign(self._token, stamp, nonce),
            "msg_signature": sign(self._token, stamp, nonce, sealed),
            "timestamp": stamp,
            "nonce": nonce,
        }
        return await super()._once(session, f"{url}?{urlencode(query)}", [{"Encrypt": sealed}])


@dataclass(frozen=True, slots=True)
class _Replies:
    request: Request

    def accept(self, ref: str) -> str:
        self.request.respond(200, {"errcode": 0, "errmsg": "ok", "msgid": _number(ref)})
        return "0"

    def refuse(self, refusal: str) -> str:
        code = _CODES[refusal]
        self.request.respond(200, {"errcode": code, "errmsg": refusal})
        return str(code)


class WechatLine(HttpLine):
    """See `channels.sandbox.line.Line`. Its one template holds a single field, the whole text."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._secret, self._callback_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._tokens: set[str] = set()
        self._aes_key = base64.b64encode(secrets.token_bytes(32)).decode()[:43]
        seal = Seal(self._aes_key, name)
        url = f"{office.receipts_url.rstrip('/')}/{name}"
        postman = _Postman(url, self._callback_token, seal)
        journal = Journal(office.data / f"{name}.jsonl")
        carrier = _Carrier(office.agenda, office.draws, journal, postman)
        super().__init__(carrier, self._handle, office.ports.get(name, 0))
        self._desk = Desk(carrier, honours_keys=True)

    def _handle(self, request: Request) -> None:
        match request.method, request.path:
            case "POST", "/cgi-bin/stable_token":
                self._grant(request)
            case "POST", "/cgi-bin/message/template/send":
                self._send(request)
            case _:
                request.respond(404, {})

    def _grant(self, request: Request) -> None:
        asked = _object(request.body)
        if (asked.get("appid"), asked.get("secret")) != (self._name, self._secret):
            request.respond(200, {"errcode": 40125, "errmsg": "invalid appsecret"})
            return
        token = next(iter(self._tokens), "") or secrets.token_urlsafe(24)
        self._tokens.add(token)
        request.respond(200, {"access_token": token, "expires_in": _LIFE_S})

    def _send(self, request: Request) -> None:
        query = parse_qs(request.target.partition("?")[2])
        if query.get("access_token", [""])[0] not in self._tokens:
            request.respond(200, {"errcode": 40001, "errmsg": "invalid credential"})
            return
        try:
            message = _handover(_object(request.body), request.began)
        except (TypeError, KeyError):
            request.respond(200, {"errcode": 47003, "errmsg": "data structure format"})
            return
        self._desk.serve(message, _Replies(request))

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "wechat",
            "name": self._name,
            "base_url": self.url,
            "app_id": self._name,
            "app_secret": self._secret,
            "receipts_secret": self._callback_token,
            "encoding_aes_key": self._aes_key,
            "templates": {"*": _TEMPLATE},
            "fields": {"*": {_FIELD: "text"}},
        }


def _handover(found: Mapping[str, object], began: float) -> Handover:
    key, to, data = str(found["client_msg_id"]), str(found["touser"]), found["data"]
    if found["template_id"] != _TEMPLATE or not isinstance(data, dict):
        raise KeyError("template_id")
    reference = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
    return Handover(
        reference=reference,
        key=reference,
        to=to,
        text=str(data[_FIELD]["value"]),
        script=_script(to),
        began=began,
    )


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def open_line(name: str, office: Office) -> WechatLine:
    return WechatLine(name, office)
