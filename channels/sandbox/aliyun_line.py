"""A simulated Aliyun short message service: ACS3 signatures, templates, batches, array callbacks
to an address with a key, and what customers write."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from channels.called import query_of, with_key
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Write
from channels.sandbox.scripts import Said, script_of_number
from channels.sandbox.sms_desk import Handled, SmsDesk, post_inbound, with_inbound
from channels.sms.aliyun.out_id import all_of
from channels.sms.aliyun.signature import ALGORITHM, authorization
from channels.sms.mainland import BEIJING

_KEY_ID: Final = "LTAI-sandbox"
_SIGN: Final = "示例银行"
_TEMPLATE: Final = "SMS_100001"  # its approved text is "${text}"
_OFF_BY: Final = timedelta(minutes=15)
_SIGNED = re.compile(
    rf"{ALGORITHM} Credential=([^,]+),SignedHeaders=([^,]+),Signature=[0-9a-f]{{64}}"
)
_MUST_SIGN: Final = ("host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-version")
# Our scripts' words as codes of calls (with the HTTP status) and of receipts.
_REFUSALS: Final[Mapping[str, tuple[int, str]]] = {
    "unknown_subscriber": (200, "isv.MOBILE_NUMBER_ILLEGAL"),
    "blocked": (200, "isv.CUSTOMER_REFUSED"),
    "429": (400, "Throttling.User"),
    "503": (503, "ServiceUnavailable"),
}
_CODES: Final = {
    "": "DELIVERED",
    "absent_subscriber": "MOBILE_NOT_ON_SERVICE",
    "unknown_subscriber": "MK:0001",
}


class AliyunCarrier(Carrier):
    """Writes SmsReport as Aliyun does."""

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        when = _local(dated_at)
        nothing = said.status in ("ACCEPTD", "ENROUTE")
        return {
            "phone_number": message.to.removeprefix("+86").removeprefix("+"),
            "send_time": when,
            "report_time": when,
            "success": said.status == "DELIVRD",
            "err_code": "REQUEST_SUCCESS" if nothing else _CODES.get(said.error, "UNDELIV"),
            "err_msg": "用户接收成功" if said.status == "DELIVRD" else "",
            "sms_size": "1",
            "biz_id": ref,
            "out_id": message.subject,
        }


def _local(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _array() -> Write:
    def write(found: Sequence[Mapping[str, object]], url: str) -> tuple[bytes, Mapping[str, str]]:
        body = json.dumps(found, ensure_ascii=False).encode()
        return body, {"Content-Type": "application/json"}

    return write


class AliyunLine(HttpLine):
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._secret, self._key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._receipts_url = with_key(office.door(name), self._key)
        self._nonces: set[str] = set()
        carrier = office.carrier(name, _array(), kind=AliyunCarrier)
        self._desk = SmsDesk(carrier, self._biz_id)
        handler = with_inbound(self._handle, self.write_back)
        super().__init__(carrier, handler, office.ports.get(name, 0))

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "aliyun-sms",
            "name": self._name,
            "base_url": self.url,
            "access_key_id": _KEY_ID,
            "access_key_secret": self._secret,
            "sign_name": _SIGN,
            "templates": {"*": _TEMPLATE},
            "template_params": ["text"],
            "receipts_secret": self._key,
            "prefixes": [],
        }

    def write_back(self, number: str, text: str) -> None:
        """A customer answers."""
        now = self.carrier.agenda.now()
        entry: dict[str, object] = {
            "phone_number": number.removeprefix("+86").removeprefix("+"),
            "send_time": _local(now),
            "content": text,
            "sign_name": _SIGN,
            "dest_code": "1234",
            "sequence_id": self.carrier.draws.number("inbound", number, text, now.isoformat()),
        }
        post_inbound(self.carrier, entry, f"{self._receipts_url}&up=1")

    def _biz_id(self, message: Handover, count: int) -> str:
        return f"{self.carrier.draws.number('biz', message.subject):015d}^0"

    def _handle(self, request: Request) -> None:
        wrong = self._wrong(request)
        if wrong:
            status = 404 if wrong == "InvalidAction.NotFound" else 400
            _answer(request, wrong, status)
            return
        fields = dict(parse_qsl(query_of(request.target), keep_blank_values=True))
        messages = self._messages(request, fields)
        if isinstance(messages, str):
            _answer(request, messages)
        else:
            self._desk.receive(messages, lambda got: _said(request, got), whole=True)

    def _wrong(self, request: Request) -> str:
        """What the gateway finds fault with; "" if nothing."""
        headers = request.headers
        found = _SIGNED.fullmatch(headers.get("authorization", ""))
        if found is None or any(name not in found[2].split(";") for name in _MUST_SIGN):
            return "IncompleteSignature"
        if found[1] != _KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        signed = {name: headers.get(name, "") for name in found[2].split(";")}
        query = query_of(request.target)
        wanted = authorization(_KEY_ID, self._secret, request.method, query, signed, request.path)
        if not hmac.compare_digest(wanted, headers["authorization"]):
            return "SignatureDoesNotMatch"
        if not _fresh(headers["x-acs-date"]):
            return "InvalidTimeStamp.Expired"
        nonce = headers.get("x-acs-signature-nonce", "")
        if not nonce or nonce in self._nonces:
            return "SignatureNonceUsed"
        self._nonces.add(nonce)
        return "" if headers["x-acs-version"] == "2017-05-25" else "InvalidVersion"

    def _messages(self, request: Request, fields: Mapping[str, str]) -> list[Handover] | str:
        """The messages of a call, or the code of what is wrong with it."""
        try:
            found = _read(request.headers["x-acs-action"], fields)
        except (KeyError, ValueError, TypeError):
            return "isv.INVALID_PARAMETERS"
        if any(sign != _SIGN for _, sign, _ in found):
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if fields.get("TemplateCode") != _TEMPLATE:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        out_id = fields.get("OutId", "")
        if len(out_id) > 255 or not found:
            return "isv.INVALID_PARAMETERS"
        ids = all_of(out_id)
        return [
            Handover(
                *(ids[at % len(ids)],) * 2,
                to=number,
                text=str(words.get("text", "")),
                script=script_of_number(number),
                began=request.began,
                subject=out_id,
                receipts_to=self._receipts_url,
            )
            for at, (number, _, words) in enumerate(found)
        ]


Words = Mapping[str, object]


def _read(action: str, fields: Mapping[str, str]) -> list[tuple[str, str, Words]]:
    """Number, signature and variables of each message of a call."""
    if action == "SendSms":
        words = json.loads(fields.get("TemplateParam", "{}"))
        return [(each, fields["SignName"], words) for each in fields["PhoneNumbers"].split(",")]
    if action != "SendBatchSms":
        raise ValueError(action)
    numbers, signs = json.loads(fields["PhoneNumberJson"]), json.loads(fields["SignNameJson"])
    words = json.loads(fields["TemplateParamJson"])
    return list(zip(numbers, signs, words, strict=True))


def _fresh(text: str) -> bool:
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - at) <= _OFF_BY


def _said(request: Request, handled: Sequence[Handled]) -> None:
    first = handled[0]
    if first.refusal:
        status, code = _REFUSALS.get(first.refusal, (200, "isv.SMS_CONTENT_ILLEGAL"))
        _answer(request, code, status)
    else:
        _answer(request, "OK", biz_id=first.ref)


def _answer(request: Request, code: str, status: int = 200, biz_id: str = "") -> None:
    told = {"RequestId": secrets.token_hex(16).upper(), "Code": code, "Message": code}
    request.respond(status, {**told, "BizId": biz_id} if biz_id else told)


def open_line(name: str, office: Office) -> AliyunLine:
    return AliyunLine(name, office)
