"""The request of one call of SendSms: one text for one number or several."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from channels.sms.approved import Approved, Prepared
from channels.sms.tencent.settings import TencentSettings
from channels.sms.tencent.signature import authorization

ACTION, VERSION, SERVICE = "SendSms", "2021-01-11", "sms"
# SessionContext is shorter than 512 bytes and comes back in the answer, never in a receipt.
_LONGEST_CONTEXT = 511
_TYPE = "application/json; charset=utf-8"
_encode = json.JSONEncoder(separators=(",", ":")).encode


def calls_of(prepared: Sequence[Prepared], most: int) -> list[list[Prepared]]:
    """Messages that may share a call: the same template with the same words, either all within
    mainland China or none, each number once, at most `most`."""
    calls: list[list[Prepared]] = []
    open_calls: dict[tuple[Approved, bool], list[Prepared]] = {}
    for each in prepared:
        kind = (each.approved, each.message.address.startswith("+86"))
        call = open_calls.get(kind, [])
        twice = any(each.message.address == one.message.address for one in call)
        if not call or twice or len(call) >= most:
            call = open_calls[kind] = []
            calls.append(call)
        call.append(each)
    return calls


def body_of(call: Sequence[Prepared], settings: TencentSettings) -> bytes:
    """The JSON of one call."""
    first = call[0]
    content: dict[str, object] = {
        "PhoneNumberSet": [each.message.address for each in call],
        "SmsSdkAppId": settings.sdk_app_id,
        "TemplateId": first.approved.template,
        "SignName": settings.sign_name,
        "TemplateParamSet": [value for _, value in first.approved.words],
    }
    context = ",".join(each.message.idempotency_key for each in call)
    if len(context) <= _LONGEST_CONTEXT:
        content["SessionContext"] = context
    return _encode(content).encode("ascii")


def headers_of(body: bytes, settings: TencentSettings, at: int | None = None) -> Mapping[str, str]:
    """The signed headers of one call, at a unix second of the machine clock (default: now)."""
    stamp = int(time.time()) if at is None else at
    signed = {
        "content-type": _TYPE,
        "host": urlsplit(settings.base_url).netloc,
        "x-tc-action": ACTION,
    }
    allowed = authorization(settings.secret_id, settings.secret_key, SERVICE, signed, body, stamp)
    return {
        **signed,
        "X-TC-Version": VERSION,
        "X-TC-Timestamp": str(stamp),
        "X-TC-Region": settings.region,
        "Authorization": allowed,
    }
