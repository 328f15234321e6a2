"""What the simulated Twilio does whatever it is asked for: login, address, faults, signed posts."""

from __future__ import annotations

import base64
import hmac
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Write
from channels.sandbox.scripts import RETRY_AFTER_S
from channels.sandbox.sms_desk import Handled, SmsDesk
from channels.sms.twilio.signature import form, sign

_VERSION: Final = "2010-04-01"
# A script's refusal as HTTP status, Twilio's code and its words.
_REFUSALS: Final[Mapping[str, tuple[int, int, str]]] = {
    "unknown_subscriber": (400, 21211, "Invalid 'To' Phone Number"),
    "blocked": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "429": (429, 20429, "Too Many Requests"),
    "503": (503, 20503, "Service unavailable"),
}


class TwilioAccount(HttpLine, ABC):
    """One account with one kind of resource. Subclasses read a form and say what they made.

    `ids`: the two letters that the resource's ids begin with.
    """

    resource: str
    ids: str
    carrier_kind: type[Carrier]
    refused: tuple[int, int, str]  # where a script refuses in a way of its own

    def __init__(self, name: str, office: Office, account_sid: str) -> None:
        self._name = name
        self._account_sid = account_sid
        self._token = secrets.token_hex(16)
        self._receipts_url = office.door(name)
        login = base64.b64encode(f"{account_sid}:{self._token}".encode()).decode("ascii")
        self._login = f"Basic {login}"
        carrier = office.carrier(name, _signed_form(self._token), kind=self.carrier_kind, batch=1)
        self._desk = SmsDesk(carrier, self._sid)
        super().__init__(carrier, self.handle, office.ports.get(name, 0))

    def account(self) -> Mapping[str, object]:
        return {
            "name": self._name,
            "base_url": self.url,
            "account_sid": self._account_sid,
            "auth_token": self._token,
            "receipts_url": self._receipts_url,
        }

    @abstractmethod
    def read(self, request: Request, fields: Mapping[str, str]) -> Handover | tuple[int, str]:
        """The message of a form, or the code and the words of what is wrong with it."""

    def made(self, handled: Handled) -> Mapping[str, object]:
        """The resource as it is answered."""
        return {"sid": handled.ref, "to": handled.message.to, "status": "queued"}

    def handle(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        path = f"/{_VERSION}/Accounts/{self._account_sid}/{self.resource}.json"
        if not hmac.compare_digest(given.encode(), self._login.encode()):
            _fault(request, 401, 20003, "Authenticate")
        elif request.path != path:
            _fault(request, 404, 20404, "The requested resource was not found")
        elif request.method != "POST":
            _fault(request, 405, 20004, "Method not allowed")
        else:
            self._receive(request)

    def _receive(self, request: Request) -> None:
        found = self.read(request, dict(form(request.body)))
        if isinstance(found, Handover):
            self._desk.receive([found], lambda got: self._answer(request, got[0]), whole=True)
        else:
            _fault(request, 400, *found)

    def _answer(self, request: Request, handled: Handled) -> None:
        if handled.refusal:
            _fault(request, *_REFUSALS.get(handled.refusal, self.refused))
        else:
            request.respond(201, self.made(handled))

    def _sid(self, message: Handover, count: int) -> str:
        drawn = self.carrier.draws.number("sid", message.reference, str(count))
        return f"{self.ids}{drawn:032x}"


def _signed_form(token: str) -> Write:
    def write(found: Sequence[Mapping[str, object]], url: str) -> tuple[bytes, Mapping[str, str]]:
        fields = {name: str(value) for name, value in found[0].items()}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(token, url, fields.items()),
        }
        return urlencode(fields).encode("ascii"), headers

    return write


def _fault(request: Request, status: int, code: int, text: str) -> None:
    told = {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    request.respond(status, told, {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else None)
