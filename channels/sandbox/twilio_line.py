"""A simulated Twilio: basic auth, form posts, a signed status callback to each message's own
address, and what customers write."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from channels.called import field_of
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Write
from channels.sandbox.scripts import RETRY_AFTER_S, Said, script_of_number
from channels.sandbox.sms_desk import Handled, SmsDesk, post_inbound, with_inbound
from channels.sms.twilio.signature import form, sign

_SENDER: Final = "+12025550100"
_ACCOUNT: Final = "AC" + "0" * 32
# Our scripts' words as Twilio's status and error code.
_STATUSES: Final = {"ACCEPTD": "sent", "ENROUTE": "sending", "DELIVRD": "delivered"}
_CODES: Final = {"absent_subscriber": "30003", "unknown_subscriber": "30005", "landline": "30006"}
_REFUSALS: Final[Mapping[str, tuple[int, int, str]]] = {
    "unknown_subscriber": (400, 21211, "Invalid 'To' Phone Number"),
    "blocked": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "429": (429, 20429, "Too Many Requests"),
    "503": (503, 20503, "Service unavailable"),
}


class TwilioCarrier(Carrier):
    """Writes status callbacks as Twilio does."""

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        fields = {
            "MessageSid": ref,
            "SmsSid": ref,
            "AccountSid": _ACCOUNT,
            "From": _SENDER,
            "To": message.to,
            "MessageStatus": _STATUSES.get(said.status, "undelivered"),
            "SmsStatus": _STATUSES.get(said.status, "undelivered"),
            "ApiVersion": "2010-04-01",
        }
        if said.status not in _STATUSES:
            fields["ErrorCode"] = _CODES.get(said.error, "30008")
        return fields


def _signed_form(token: str) -> Write:
    def write(found: Sequence[Mapping[str, object]], url: str) -> tuple[bytes, Mapping[str, str]]:
        fields = {name: str(value) for name, value in found[0].items()}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(token, url, fields.items()),
        }
        return urlencode(fields).encode("ascii"), headers

    return write


class TwilioLine(HttpLine):
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._token = secrets.token_hex(16)
        self._receipts_url = f"{office.receipts_url.rstrip('/')}/{name}"
        login = base64.b64encode(f"{_ACCOUNT}:{self._token}".encode()).decode("ascii")
        self._login = f"Basic {login}"
        carrier = office.carrier(name, _signed_form(self._token), kind=TwilioCarrier, batch=1)
        self._desk = SmsDesk(carrier, self._sid)
        super().__init__(carrier, with_inbound(self._handle, self.write_back))

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "twilio-sms",
            "name": self._name,
            "base_url": self.url,
            "account_sid": _ACCOUNT,
            "auth_token": self._token,
            "sender": _SENDER,
            "receipts_url": self._receipts_url,
        }

    def write_back(self, number: str, text: str) -> None:
        """A customer writes to the lender's number."""
        at = self.carrier.agenda.now().isoformat()
        sid = f"SM{self.carrier.draws.number('inbound', number, text, at):032x}"
        fields: dict[str, object] = {
            "MessageSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": _ACCOUNT,
            "From": number,
            "To": _SENDER,
            "Body": text,
            "NumSegments": "1",
            "NumMedia": "0",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }
        post_inbound(self.carrier, fields)

    def _sid(self, message: Handover, count: int) -> str:
        return f"SM{self.carrier.draws.number('sid', message.reference, str(count)):032x}"

    def _handle(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._login.encode()):
            _fault(request, 401, 20003, "Authenticate")
        elif request.path != f"/2010-04-01/Accounts/{_ACCOUNT}/Messages.json":
            _fault(request, 404, 20404, "The requested resource was not found")
        elif request.method != "POST":
            _fault(request, 405, 20004, "Method not allowed")
        else:
            self._receive(request, dict(form(request.body)))

    def _receive(self, request: Request, fields: Mapping[str, str]) -> None:
        to, text, back = (fields.get(name, "") for name in ("To", "Body", "StatusCallback"))
        if not to:
            _fault(request, 400, 21604, "A 'To' phone number is required.")
        elif not text:
            _fault(request, 400, 21602, "Message body is required.")
        elif fields.get("From") != _SENDER and not fields.get("MessagingServiceSid"):
            _fault(request, 400, 21603, "A 'From' or 'MessagingServiceSid' is required")
        else:
            reference = field_of(back, "attempt")
            script = script_of_number(to)
            message = Handover(reference, reference, to, text, script, request.began, "", back)
            self._desk.receive([message], lambda got: _answer(request, got[0]), whole=True)


def _answer(request: Request, handled: Handled) -> None:
    if handled.refusal:
        status, code, text = _REFUSALS.get(handled.refusal, (400, 21618, "cannot be sent"))
        _fault(request, status, code, text)
        return
    resource = {
        "sid": handled.ref,
        "account_sid": _ACCOUNT,
        "to": handled.message.to,
        "from": _SENDER,
        "status": "queued",
        "error_code": None,
        "error_message": None,
        "num_segments": "1",
    }
    request.respond(201, resource)


def _fault(request: Request, status: int, code: int, text: str) -> None:
    told = {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    request.respond(status, told, {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else None)


def open_line(name: str, office: Office) -> TwilioLine:
    return TwilioLine(name, office)
