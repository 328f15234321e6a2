"""A simulated WhatsApp Cloud API: template messages, and status webhooks signed as Meta does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.desk import Desk
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Write
from channels.sandbox.scripts import RETRY_AFTER_S, Said, script_of_number
from channels.whatsapp.signature import HEADER, sign

_NUMBER_ID = "100000000000001"
_VERSION = "v23.0"
_TEMPLATE = "sandbox_bill"
_REFUSALS = {"unknown_subscriber": (400, 131026), "429": (429, 130429), "503": (503, 131016)}
_STATUSES = {"ACCEPTD": "sent", "DELIVRD": "delivered", "UNDELIV": "failed"}
_UNDELIVERABLE = 131000  # it says nothing against the number


class _Carrier(Carrier):
    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        status: dict[str, object] = {
            "id": _wamid(ref),
            "status": _STATUSES[said.status],
            "timestamp": str(int(dated_at.timestamp())),
            "recipient_id": message.to.removeprefix("+"),
            "biz_opaque_callback_data": message.reference,
        }
        if status["status"] == "failed":
            status["errors"] = [{"code": _UNDELIVERABLE, "title": said.error}]
        return status


def webhook(statuses: Sequence[object], messages: Sequence[object] = ()) -> bytes:
    """The body of one webhook."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "86100000000", "phone_number_id": _NUMBER_ID},
        "statuses": list(statuses),
        "messages": list(messages),
    }
    change = {"field": "messages", "value": {name: each for name, each in value.items() if each}}
    entry = {"id": "1", "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def _signed(secret: str) -> Write:
    def write(found: Sequence[Mapping[str, object]], _: str) -> tuple[bytes, Mapping[str, str]]:
        body = webhook(found)
        return body, {"Content-Type": "application/json", HEADER: sign(secret, body)}

    return write


def _wamid(ref: str) -> str:
    return f"wamid.{ref}"


@dataclass(frozen=True, slots=True)
class _Replies:
    request: Request
    to: str

    def accept(self, ref: str) -> str:
        digits = self.to.removeprefix("+")
        self.request.respond(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": digits, "wa_id": digits}],
                "messages": [{"id": _wamid(ref), "message_status": "accepted"}],
            },
        )
        return "200"

    def refuse(self, refusal: str) -> str:
        status, code = _REFUSALS[refusal]
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else {}
        self.request.respond(status, _error(code), headers)
        return f"{status} {code}"


class WhatsappLine(HttpLine):
    """See `channels.sandbox.line.Line`. Its one template holds a single parameter, the text."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._token, self._secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        carrier = office.carrier(name, _signed(self._secret), kind=_Carrier)
        self._desk = Desk(carrier)
        super().__init__(carrier, self._handle, office.ports.get(name, 0))

    def _handle(self, request: Request) -> None:
        if not request.bears(self._token):
            request.respond(401, _error(190))
        elif (request.method, request.path) != ("POST", f"/{_VERSION}/{_NUMBER_ID}/messages"):
            request.respond(404, _error(100))
        else:
            self._send(request)

    def _send(self, request: Request) -> None:
        try:
            message = _handover(json.loads(request.body), request.began)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            request.respond(400, _error(132000))
            return
        self._desk.serve(message, _Replies(request, message.to))

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "whatsapp-cloud",
            "name": self._name,
            "base_url": self.url,
            "version": _VERSION,
            "phone_number_id": _NUMBER_ID,
            "token": self._token,
            "receipts_secret": self._secret,
            "templates": {"*": _TEMPLATE},
        }


def _handover(found: Mapping[str, object], began: float) -> Handover:
    """Whatever is missing or of another kind ends in an error that the caller knows."""
    template = found["template"]
    attempt, to = str(found["biz_opaque_callback_data"]), f"+{found['to']}"
    if not isinstance(template, dict) or template["name"] != _TEMPLATE:
        raise KeyError("template")
    (component,) = template["components"]
    parameters = component["parameters"]
    return Handover(
        reference=attempt,
        key=attempt,
        to=to,
        text="\n".join(str(each["text"]) for each in parameters),
        script=script_of_number(to),
        began=began,
    )


def _error(code: int) -> Mapping[str, object]:
    return {"error": {"message": f"(#{code})", "type": "OAuthException", "code": code}}


def open_line(name: str, office: Office) -> WhatsappLine:
    return WhatsappLine(name, office)
