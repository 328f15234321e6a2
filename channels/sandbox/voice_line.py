"""A simulated Twilio that calls people: reads the TwiML it is given, rings, posts what came of it.

Numbers follow the scripts of an SMS number and some of its own: `+861SS########`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final
from xml.etree import ElementTree

from channels.called import field_of
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import Office
from channels.sandbox.scripts import Said, Script, script_of_number
from channels.sandbox.twilio_account import TwilioAccount

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
    "26": Script("hung_up", reaches=False, receipts=(Said("HUNG_UP"),)),
}
# Our scripts' words as Twilio's fields.
_ENDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ACCEPTD": {"CallStatus": "ringing"},
    "DELIVRD": {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "24"},
    "HUNG_UP": {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "2"},
    "VOICEMAIL": {"CallStatus": "completed", "AnsweredBy": "machine_end_beep"},
    "UNDETECTED": {"CallStatus": "completed", "AnsweredBy": "unknown"},
    "BUSY": {"CallStatus": "busy", "SipResponseCode": "486"},
    "NOBODY": {"CallStatus": "failed", "SipResponseCode": "404"},
    _PRESSED: {"CallStatus": "in-progress", "Digits": "1"},
}
_NO_ANSWER: Final = {"CallStatus": "no-answer", "SipResponseCode": "480"}


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


class VoiceLine(TwilioAccount):
    """See `channels.sandbox.line.Line`."""

    resource = "Calls"
    ids = "CA"
    carrier_kind = VoiceCarrier
    refused = (400, 21214, "cannot be reached")

    def account(self) -> Mapping[str, object]:
        """Without a gap between calls: the sandbox's days pass in a moment of the machine's."""
        return {
            **super().account(),
            "adapter": "twilio-voice",
            "caller": _CALLER,
            "rate_per_s": 100.0,
            "call_gap": 0,
        }

    def read(self, request: Request, fields: Mapping[str, str]) -> Handover | tuple[int, str]:
        to, back = fields.get("To", ""), fields.get("StatusCallback", "")
        said = spoken(fields.get("Twiml", ""), _key_url(back))
        if not to:
            return 21201, "No 'To' number specified"
        if fields.get("From") != _CALLER:
            return 21210, "'From' phone number not verified"
        if said is None:
            return 12100, "Document parse failure"
        reference = field_of(back, "attempt")
        return Handover(reference, reference, to, said, _script(to), request.began, "", back)


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


def open_line(name: str, office: Office) -> VoiceLine:
    return VoiceLine(name, office, _ACCOUNT)
