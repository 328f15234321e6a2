"""A simulated service that Apprise reaches by `json://`: it follows the mark in its path, and the
messages that it gets carry no id of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping

from channels.sandbox.carrier import Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import signed_json
from channels.sandbox.scripts import script_of_mark
from channels.sandbox.sms_desk import Handled, SmsDesk
from channels.sandbox.webhook_line import ReceivingCarrier

_STATUSES: Mapping[str, int] = {"unknown_subscriber": 404, "429": 429, "503": 503}


class AppriseLine(HttpLine):
    """See `channels.sandbox.line.Line`. Addresses are `json://127.0.0.1:{port}/…`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._count = 0
        carrier = office.carrier(name, signed_json(""), kind=ReceivingCarrier)
        self._desk = SmsDesk(carrier, lambda message, _: message.reference)
        super().__init__(carrier, self._handle, office.ports.get(name, 0))

    def account(self) -> Mapping[str, object]:
        return {"adapter": "apprise", "name": self._name, "allow_private": True}

    def _handle(self, request: Request) -> None:
        try:
            text = json.loads(request.body)["message"]
        except (ValueError, TypeError, KeyError):
            request.respond(400, {"error": "want Apprise's JSON"})
            return
        self._count += 1
        reference = f"{self._name}-{self._count}"
        address = f"json://{request.headers.get('host', '')}{request.target}"
        script = script_of_mark(address)
        message = Handover(reference, reference, address, str(text), script, request.began)
        self._desk.receive([message], lambda got: _answer(request, got[0]), whole=True)


def _answer(request: Request, handled: Handled) -> None:
    status = _STATUSES.get(handled.refusal, 400) if handled.refusal else 200
    request.respond(status, {})


def open_line(name: str, office: Office) -> AppriseLine:
    return AppriseLine(name, office)
