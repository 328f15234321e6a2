"""A simulated Twilio that calls people: reads the TwiML it is given, rings, posts what came of it.

Numbers follow the scripts of an SMS number and some of its own: `+861SS########`.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from channels.called import field_of
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Write
from channels.sandbox.scripts import RETRY_AFTER_S, Said, Script, script_of_number
from channels.sandbox.sms_desk import Handled, SmsDesk
from channels.sms.twilio.signature import form, sign

_CALLER: Final = "+12025550101"
_ACCOUNT: Final = "AC" + "1" * 32
_MAX_TWIML: Final = 4_000
_PRESSED: Final = "PRESSED"
VOICE_SCRIPTS: Final[Mapping[str, Script]] = {
    "20": Script("busy", reaches=False, receipts=(Said("BUSY"),)),
    "21": Script("no_answer", reaches=False, receipts=(Said("UNDELIV", "absent_subscriber"),)),
    "22": Script("voicemail", reaches=False, receipts=(Said("VOICEMAIL"),)),
    "23": Script("pressed", receipts=(Said("DELIVRD"),)),
    "24": Script("no_such_number", reaches=False, receipts=(Said("NOBODY"),)),
    "25": Script("undetected", receipts=(Said("UNDETECTED"),)),
}
# Our scripts' words as Twilio's fields.
_ENDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ACCEPTD": {"CallStatus": "ringing"},
    "DELIVRD": {"CallStatus": "completed", "AnsweredBy": "human"},
    "VOICEMAIL": {"CallStatus": "completed", "AnsweredBy": "machine_end_beep"},
    "UNDETECTED": {"CallStatus": "completed", "AnsweredBy": "unknown"},
    "BUSY": {"CallStatus": "busy", "SipResponseCode": "486"},
    "NOBODY": {"CallStatus": "failed", "SipResponseCode": "404"},
    _PRESSED: {"CallStatus": "in-progress", "Digits": "1"},
}
_NO_ANSWER: Final = {"CallStatus": "no-answer", "SipResponseCode": "480"}
_REFUSALS: Final[Mapping[str, tuple[int, int, str]]] = {
    "unknown_subscriber": (400, 21211, "Invalid 'To' Phone Number"),
    "429": (429, 20429, "Too Many Requests"),
    "503": (503, 20503, "Service unavailable"),
}


class VoiceCarrier(Carrier):
    """Writes status callbacks as Twilio does; a pressed key goes to the Gather's own address."""

    def take(self, message: Handover, ref: str, reached_at_once: bool = False) -> None:
        super().take(message, ref, reached_at_once)
        if message.script.name == "pressed":
            pressed = replace(message, receipts_to=_key_url(message.receipts_to))
            delay = self.draws.delay(message.reference) - timedelta(seconds=1)
            self._plan_receipt(pressed, ref, Said(_PRESSED), delay)

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        fields = {
            "CallSid": ref,
            "AccountSid": _ACCOUNT,
            "From": _CALLER,
            "To": message.to,
            "Direction": "outbound-api",
            "ApiVersion": "2010-04-01",
            **_ENDS.get(said.status, _NO_ANSWER),
        }
        if said.status != _PRESSED:
            fields["Timestamp"] = format_datetime(dated_at)
        return fields


class VoiceLine(HttpLine):
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._token = secrets.token_hex(16)
        self._receipts_url = f"{office.receipts_url.rstrip('/')}/{name}"
        login = base64.b64encode(f"{_ACCOUNT}:{self._token}".encode()).decode("ascii")
        self._login = f"Basic {login}"
        carrier = office.carrier(name, _signed_form(self._token), kind=VoiceCarrier, batch=1)
        self._desk = SmsDesk(carrier, self._sid)
        super().__init__(carrier, self._handle, office.ports.get(name, 0))

    def account(self) -> Mapping[str, object]:
        """Without a gap between calls: the sandbox's days pass in a moment of the machine's."""
        return {
            "adapter": "twilio-voice",
            "name": self._name,
            "base_url": self.url,
            "account_sid": _ACCOUNT,
            "auth_token": self._token,
            "caller": _CALLER,
            "receipts_url": self._receipts_url,
            "rate_per_s": 100.0,
            "call_gap": 0,
        }

    def _sid(self, message: Handover, count: int) -> str:
        return f"CA{self.carrier.draws.number('sid', message.reference, str(count)):032x}"

    def _handle(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._login.encode()):
            _fault(request, 401, 20003, "Authenticate")
        elif request.path != f"/2010-04-01/Accounts/{_ACCOUNT}/Calls.json":
            _fault(request, 404, 20404, "The requested resource was not found")
        elif request.method != "POST":
            _fault(request, 405, 20004, "Method not allowed")
        else:
            self._receive(request, dict(form(request.body)))

    def _receive(self, request: Request, fields: Mapping[str, str]) -> None:
        to, back = fields.get("To", ""), fields.get("StatusCallback", "")
        said = spoken(fields.get("Twiml", ""), _key_url(back))
        if not to:
            _fault(request, 400, 21201, "No 'To' number specified")
        elif fields.get("From") != _CALLER:
            _fault(request, 400, 21210, "'From' phone number not verified")
        elif said is None:
            _fault(request, 400, 12100, "Document parse failure")
        else:
            reference = field_of(back, "attempt")
            message = Handover(reference, reference, to, said, _script(to), request.began, "", back)
            self._desk.receive([message], lambda got: _answer(request, got[0]), whole=True)


def spoken(twiml: str, key_url: str) -> str | None:
    """The text that TwiML says twice, each time with a wait for one key that goes to `key_url`,
    before it hangs up; None where it does not."""
    if not 0 < len(twiml) <= _MAX_TWIML:
        return None
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314  (a simulator, given its own client's)
    except ElementTree.ParseError:
        return None
    gathers = root.findall("Gather")
    texts = [gather.findtext("Say") for gather in gathers]
    asks = [(gather.get("action"), gather.get("numDigits")) for gather in gathers]
    voices = [say.get("language") for say in root.iter("Say")]
    good = (
        root.tag == "Response"
        and root[-1].tag == "Hangup"
        and asks == [(key_url, "1")] * 2
        and texts[0] == texts[1]
        and all(voices)
    )
    return texts[0] if good else None


def _script(number: str) -> Script:
    own = VOICE_SCRIPTS.get(number[4:6]) if number.startswith("+861") else None
    return own or script_of_number(number)


def _key_url(status_url: str) -> str:
    return f"{status_url}&gather=1"


def _signed_form(token: str) -> Write:
    def write(found: Sequence[Mapping[str, object]], url: str) -> tuple[bytes, Mapping[str, str]]:
        fields = {name: str(value) for name, value in found[0].items()}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(token, url, fields.items()),
        }
        return urlencode(fields).encode("ascii"), headers

    return write


def _answer(request: Request, handled: Handled) -> None:
    if handled.refusal:
        status, code, text = _REFUSALS.get(handled.refusal, (400, 21214, "cannot be reached"))
        _fault(request, status, code, text)
        return
    resource = {"sid": handled.ref, "to": handled.message.to, "status": "queued"}
    request.respond(201, resource)


def _fault(request: Request, status: int, code: int, text: str) -> None:
    told = {"code": code, "message": text, "status": status}
    request.respond(status, told, {"Retry-After": str(RETRY_AFTER_S)} if status == 429 else None)


def open_line(name: str, office: Office) -> VoiceLine:
    return VoiceLine(name, office)
