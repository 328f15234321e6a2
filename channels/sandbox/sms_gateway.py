"""The simulated SMS gateway: POST a message, GET what became of one; customers write back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Handler, Request
from channels.sandbox.scripts import RETRY_AFTER_S, script_of_number
from channels.sandbox.sms_desk import post_inbound, with_inbound

_PATH = "/sms/v1/messages"
_FIELDS = ("to", "text", "reference")


class SmsGateway:
    """Answers requests by the script of the number; the same key again gives the same id."""

    def __init__(self, carrier: Carrier, token: str) -> None:
        self._carrier = carrier
        self._token = token
        self._ids: dict[str, str] = {}  # by idempotency key
        self._refs: dict[str, str] = {}  # by reference
        self.handle: Handler = with_inbound(self._called, self.write_back)

    def write_back(self, number: str, text: str) -> None:
        """A customer writes to the lender's number."""
        at = self._carrier.agenda.now().isoformat()
        ref = self._carrier.draws.message_id(f"inbound\0{number}\0{text}\0{at}")
        post_inbound(self._carrier, {"id": ref, "from": number, "text": text, "at": at})

    def _called(self, request: Request) -> None:
        if not request.bears(self._token):
            request.respond(401, {"error": "unauthorized"})
        elif request.method == "POST" and request.path == _PATH:
            self._receive(request)
        elif request.method == "GET" and request.path.startswith(_PATH + "/"):
            self._tell(request, request.path[len(_PATH) + 1 :])
        else:
            request.respond(404, {"error": "not_found"})

    def _tell(self, request: Request, reference: str) -> None:
        ref = self._refs.get(reference)
        if ref is None:
            request.respond(404, {"error": "not_found"})
            return
        request.respond(200, {"id": ref, "status": self._carrier.statuses[reference]})

    def _receive(self, request: Request) -> None:
        fields = _fields(request.body)
        if fields is None:
            request.respond(400, {"error": "malformed"})
            return
        key = request.headers.get("idempotency-key") or fields["reference"]
        message = Handover(
            reference=fields["reference"],
            key=key,
            to=fields["to"],
            text=fields["text"],
            script=script_of_number(fields["to"]),
            began=request.began,
        )
        self._carrier.requested(message)
        known = self._ids.get(key)
        if known is not None:
            self._accept(request, message, known)
        elif self._carrier.refusals.refuse(message.script, message.to):
            self._refuse(request, message)
        else:
            self._take(request, message)

    def _take(self, request: Request, message: Handover) -> None:
        script = message.script
        ref = self._carrier.draws.message_id(message.key)
        if script.takes:
            self._ids[message.key] = ref
            self._refs[message.reference] = ref
            self._carrier.take(message, ref)
        if not script.answers:
            return
        if script.answer_after_s:
            self._carrier.in_flight += 1
            asyncio.get_running_loop().call_later(
                script.answer_after_s, self._accept_late, request, message, ref
            )
        else:
            self._accept(request, message, ref)

    def _accept_late(self, request: Request, message: Handover, ref: str) -> None:
        self._carrier.in_flight -= 1
        self._accept(request, message, ref)

    def _accept(self, request: Request, message: Handover, ref: str) -> None:
        self._carrier.answered(message, "202", ref=ref)
        request.respond(202, {"id": ref})

    def _refuse(self, request: Request, message: Handover) -> None:
        refusal = message.script.refusal
        status, error = (int(refusal), "try_later") if refusal.isdigit() else (400, refusal)
        headers: Mapping[str, str] = {}
        if status == 429:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
        self._carrier.answered(message, str(status), error)
        request.respond(status, {"error": error}, headers)


def _fields(body: bytes) -> dict[str, str] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    fields = {name: found.get(name) for name in _FIELDS}
    texts = {name: value for name, value in fields.items() if isinstance(value, str) and value}
    return texts if len(texts) == len(_FIELDS) else None
