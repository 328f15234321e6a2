"""A simulated receiver of webhooks: checks signatures with the reference library, and follows the
mark in the path that it is called by (`…/hook/s02-…` is gone, `…/hook/s03-…` is busy once)."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

from standardwebhooks import Webhook, WebhookVerificationError

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import signed_json
from channels.sandbox.scripts import RETRY_AFTER_S, script_of_mark
from channels.sandbox.sms_desk import Handled, SmsDesk

_STATUSES: Mapping[str, int] = {"unknown_subscriber": 410, "429": 429, "503": 503}


class ReceivingCarrier(Carrier):
    """What is answered with 2xx has arrived; nothing is posted back."""

    def take(self, message: Handover, ref: str, reached_at_once: bool = False) -> None:
        silent = replace(message.script, receipts=())
        super().take(replace(message, script=silent), ref, reached_at_once=True)


class WebhookLine(HttpLine):
    """See `channels.sandbox.line.Line`. Receivers listen below `{url}/hook/`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._secrets = [f"whsec_{b64encode(secrets.token_bytes(24)).decode()}" for _ in range(2)]
        carrier = office.carrier(name, signed_json(""), kind=ReceivingCarrier)
        self._desk = SmsDesk(carrier, lambda message, _: message.reference)
        self._taken: set[str] = set()
        super().__init__(carrier, self._handle, office.ports.get(name, 0))

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "webhook",
            "name": self._name,
            "secrets": self._secrets,
            "allow_private": True,
        }

    def _handle(self, request: Request) -> None:
        fields = self._read(request)
        if fields is None:
            request.respond(401, {"error": "the signature is missing, wrong or too old"})
            return
        event_id = request.headers["webhook-id"]
        address = f"http://{request.headers.get('host', '')}{request.target}"
        message = Handover(
            reference=str(fields.get("attempt_id")),
            key=event_id,
            to=address,
            text=str(fields.get("text")),
            script=script_of_mark(address),
            began=request.began,
        )
        if event_id in self._taken:  # a second copy is taken, and does nothing
            self.carrier.requested(message)
            self.carrier.answered(message, "accepted", ref=event_id)
            request.respond(200, {})
            return
        self._desk.receive([message], lambda got: self._answer(request, got[0]), whole=True)
        if message.script.takes and event_id in self.carrier.statuses:
            self._taken.add(event_id)

    def _read(self, request: Request) -> Mapping[str, object] | None:
        """The event's data, if each of the secrets verifies it; the reference library says."""
        try:
            for secret in self._secrets:
                Webhook(secret).verify(request.body, request.headers, json_parse=False)
            data = json.loads(request.body)["data"]
        except (WebhookVerificationError, ValueError, TypeError, KeyError):
            return None
        return data if isinstance(data, dict) else None

    def _answer(self, request: Request, handled: Handled) -> None:
        if not handled.refusal:
            request.respond(200, {})
            return
        status = _STATUSES.get(handled.refusal, 400)
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else None
        request.respond(status, {"error": handled.refusal}, headers)


def open_line(name: str, office: Office) -> WebhookLine:
    return WebhookLine(name, office)
