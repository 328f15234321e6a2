"""A simulated Tencent Cloud short message service: TC3 signatures, templates, a status for each
number, array callbacks to an address with a key, and what customers write."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from channels.called import with_key
from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Request
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import Write
from channels.sandbox.scripts import Said, script_of_number
from channels.sandbox.sms_desk import Handled, SmsDesk, post_inbound, with_inbound
from channels.sms.mainland import BEIJING
from channels.sms.tencent.signature import ALGORITHM, authorization

_ID: Final = "AKID-sandbox"
_APP: Final = "1400000000"
_SIGN: Final = "示例银行"
_TEMPLATE: Final = "100001"  # its approved text is "{1}"
_OFF_BY_S: Final = 300
_MOST: Final = 200
_SIGNED = re.compile(
    rf"{ALGORITHM} Credential=([^/]+)/[0-9-]+/sms/tc3_request, SignedHeaders=([^,]+), "
    r"Signature=[0-9a-f]{64}"
)
# Our scripts' words as codes of a number, and of receipts.
_REFUSALS: Final = {
    "unknown_subscriber": "InvalidParameterValue.IncorrectPhoneNumber",
    "blocked": "FailedOperation.PhoneNumberInBlacklist",
    "429": "LimitExceeded.PhoneNumberThirtySecondLimit",
    "503": "ServiceUnavailable",
}
_CODES: Final = {
    "": "DELIVRD",
    "absent_subscriber": "UNDELIV",
    "unknown_subscriber": "MK:0001",
}


class TencentCarrier(Carrier):
    """Writes receipts as Tencent does, by its own id alone."""

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        arrived = said.status == "DELIVRD"
        return {
            "user_receive_time": dated_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "nationcode": "86",
            "mobile": message.to.removeprefix("+86"),
            "report_status": "SUCCESS" if arrived else "FAIL",
            "errmsg": _CODES.get(said.error, "UNDELIV"),
            "description": "用户短信送达成功" if arrived else "",
            "sid": ref,
        }

    def take(self, message: Handover, ref: str, reached_at_once: bool = False) -> None:
        """Tencent tells of arrival or failure, never of being under way."""
        told = tuple(said for said in message.script.receipts if said.status != "ACCEPTD")
        script = replace(message.script, receipts=told)
        super().take(replace(message, script=script), ref, reached_at_once)


def _array() -> Write:
    def write(found: Sequence[Mapping[str, object]], url: str) -> tuple[bytes, Mapping[str, str]]:
        # A message that a customer wrote comes alone, and is no array.
        content: object = found[0] if "text" in found[0] else found
        body = json.dumps(content, ensure_ascii=False).encode()
        return body, {"Content-Type": "application/json"}

    return write


class TencentLine(HttpLine):
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._secret, self._key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._receipts_url = with_key(office.door(name), self._key)
        carrier = office.carrier(name, _array(), kind=TencentCarrier)
        self._desk = SmsDesk(carrier, self._serial)
        self._inbound = 0
        handler = with_inbound(self._handle, self.write_back)
        super().__init__(carrier, handler, office.ports.get(name, 0))

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "tencent-sms",
            "name": self._name,
            "base_url": self.url,
            "secret_id": _ID,
            "secret_key": self._secret,
            "sdk_app_id": _APP,
            "sign_name": _SIGN,
            "templates": {"*": _TEMPLATE},
            "template_params": ["text"],
            "receipts_secret": self._key,
            "prefixes": [],
        }

    def write_back(self, number: str, text: str) -> None:
        """A customer answers."""
        self._inbound += 1
        entry: dict[str, object] = {
            "extend": "",
            "mobile": number.removeprefix("+86"),
            "nationcode": "86",
            "sign": _SIGN,
            "text": text,
            "time": int(self.carrier.agenda.now().timestamp()),
        }
        # Another address for each, so that two of them never share a post.
        post_inbound(self.carrier, entry, f"{self._receipts_url}&up={self._inbound}")

    def _serial(self, message: Handover, count: int) -> str:
        return f"2640:{self.carrier.draws.number('sid', message.reference, str(count)):020d}"

    def _handle(self, request: Request) -> None:
        wrong = self._wrong(request)
        messages = wrong or self._messages(request)
        if isinstance(messages, str):
            _answer(request, {"Error": {"Code": messages, "Message": messages}})
        else:
            self._desk.receive(messages, lambda got: _said(request, got), whole=False)

    def _wrong(self, request: Request) -> str:
        """What the gateway finds fault with; "" if nothing."""
        headers = request.headers
        found = _SIGNED.fullmatch(headers.get("authorization", ""))
        if found is None:
            return "AuthFailure.SignatureFailure"
        if found[1] != _ID:
            return "AuthFailure.SecretIdNotFound"
        stamp = headers.get("x-tc-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > _OFF_BY_S:
            return "AuthFailure.SignatureExpire"
        signed = {name: headers.get(name, "") for name in found[2].split(";")}
        if not {"content-type", "host"} <= signed.keys():
            return "AuthFailure.SignatureFailure"
        wanted = authorization(_ID, self._secret, "sms", signed, request.body, int(stamp))
        if not hmac.compare_digest(wanted, headers["authorization"]):
            return "AuthFailure.SignatureFailure"
        asked = (headers.get("x-tc-action"), headers.get("x-tc-version"))
        return "" if asked == ("SendSms", "2021-01-11") else "InvalidAction"

    def _messages(self, request: Request) -> list[Handover] | str:
        """The messages of a call, or the code of what is wrong with it."""
        try:
            content = json.loads(request.body)
            numbers = [str(number) for number in content["PhoneNumberSet"]]
            words = [str(word) for word in content.get("TemplateParamSet", ())]
        except (ValueError, TypeError, KeyError, AttributeError):
            return "InvalidParameter"
        if not 0 < len(numbers) <= _MOST:
            return "LimitExceeded.PhoneNumberCountLimit"
        if content.get("SmsSdkAppId") != _APP:
            return "InvalidParameterValue.SdkAppIdNotExist"
        if content.get("SignName") != _SIGN:
            return "FailedOperation.SignatureIncorrectOrUnapproved"
        if content.get("TemplateId") != _TEMPLATE or len(words) != 1:
            return "FailedOperation.TemplateIncorrectOrUnapproved"
        context = str(content.get("SessionContext", ""))
        ids = context.split(",") if context.count(",") + 1 == len(numbers) else [""] * len(numbers)
        return [
            Handover(
                reference=reference,
                key=reference,
                to=number,
                text=words[0],
                script=script_of_number(number),
                began=request.began,
                receipts_to=self._receipts_url,
            )
            for reference, number in zip(ids, numbers, strict=True)
        ]


def _said(request: Request, handled: Sequence[Handled]) -> None:
    statuses = []
    for each in handled:
        code = _REFUSALS.get(each.refusal, "FailedOperation.ContainSensitiveWord")
        statuses.append(
            {
                "SerialNo": each.ref,
                "PhoneNumber": each.message.to,
                "Fee": 0 if each.refusal else 1,
                "SessionContext": each.message.reference,
                "Code": code if each.refusal else "Ok",
                "Message": code if each.refusal else "send success",
                "IsoCode": "CN",
            }
        )
    _answer(request, {"SendStatusSet": statuses})


def _answer(request: Request, response: Mapping[str, object]) -> None:
    request.respond(200, {"Response": {**response, "RequestId": secrets.token_hex(16)}})


def open_line(name: str, office: Office) -> TencentLine:
    return TencentLine(name, office)
