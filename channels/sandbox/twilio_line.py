"""A simulated Twilio: form posts, its error codes, status callbacks to each message's own
address, and what customers write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from channels.called import field_of
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import Office
from channels.sandbox.scripts import Said, script_of_number
from channels.sandbox.sms_desk import Handled, post_inbound, with_inbound
from channels.sandbox.twilio_account import TwilioAccount

_SENDER: Final = "+12025550100"
_ACCOUNT: Final = "AC" + "0" * 32
# Our scripts' words as Twilio's status and error code.
_STATUSES: Final = {"ACCEPTD": "sent", "ENROUTE": "sending", "DELIVRD": "delivered"}
_CODES: Final = {"absent_subscriber": "30003", "unknown_subscriber": "30005", "landline": "30006"}


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


class TwilioLine(TwilioAccount):
    """See `channels.sandbox.line.Line`."""

    resource = "Messages"
    ids = "SM"
    carrier_kind = TwilioCarrier
    refused = (400, 21618, "cannot be sent")

    def account(self) -> Mapping[str, object]:
        return {**super().account(), "adapter": "twilio-sms", "sender": _SENDER}

    def handle(self, request: Request) -> None:
        with_inbound(super().handle, self.write_back)(request)

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

    def read(self, request: Request, fields: Mapping[str, str]) -> Handover | tuple[int, str]:
        to, text, back = (fields.get(name, "") for name in ("To", "Body", "StatusCallback"))
        if not to:
            return 21604, "A 'To' phone number is required."
        if not text:
            return 21602, "Message body is required."
        if fields.get("From") != _SENDER and not fields.get("MessagingServiceSid"):
            return 21603, "A 'From' or 'MessagingServiceSid' is required"
        reference = field_of(back, "attempt")
        return Handover(
            *(reference, reference, to, text, script_of_number(to), request.began), "", back
        )

    def made(self, handled: Handled) -> Mapping[str, object]:
        return {
            **super().made(handled),
            "account_sid": _ACCOUNT,
            "from": _SENDER,
            "error_code": None,
            "error_message": None,
            "num_segments": "1",
        }


def open_line(name: str, office: Office) -> TwilioLine:
    return TwilioLine(name, office, _ACCOUNT)
