"""The request of one call: SendSms for one message, SendBatchSms for several of one template."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

from channels.sms.aliyun.out_id import can_share, mark_of, pack
from channels.sms.aliyun.settings import AliyunSettings
from channels.sms.aliyun.signature import NO_BODY, authorization, query_string
from channels.sms.approved import Prepared

VERSION = "2017-05-25"
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def calls_of(prepared: Sequence[Prepared], most: int) -> list[list[Prepared]]:
    """Messages that may share a call: one template, at most `most`, no two numbers that OutId
    would not tell apart."""
    calls: list[list[Prepared]] = []
    open_calls: dict[str, tuple[list[Prepared], set[str]]] = {}
    for each in prepared:
        mark = mark_of(each.message.address)
        template = each.approved.template
        call, marks = open_calls.get(template, ([], set()))
        shares = can_share(each.message.idempotency_key)
        if not call or not shares or len(call) >= most or mark in marks:
            call, marks = [], set()
            calls.append(call)
            if shares:
                open_calls[template] = (call, marks)
        call.append(each)
        marks.add(mark)
    return calls


def fields_of(call: Sequence[Prepared], sign_name: str) -> tuple[str, Mapping[str, str]]:
    """The action and its parameters."""
    out_id = pack([(each.message.idempotency_key, each.message.address) for each in call])
    first = call[0]
    if len(call) == 1:
        return "SendSms", {
            "PhoneNumbers": first.message.address,
            "SignName": sign_name,
            "TemplateCode": first.approved.template,
            "TemplateParam": _encode(dict(first.approved.words)),
            "OutId": out_id,
        }
    return "SendBatchSms", {
        "PhoneNumberJson": _encode([each.message.address for each in call]),
        "SignNameJson": _encode([sign_name] * len(call)),
        "TemplateCode": first.approved.template,
        "TemplateParamJson": _encode([dict(each.approved.words) for each in call]),
        "OutId": out_id,
    }


def request_of(call: Sequence[Prepared], settings: AliyunSettings) -> tuple[str, dict[str, str]]:
    """The address to POST to, without a body, and the headers."""
    action, fields = fields_of(call, settings.sign_name)
    query = query_string(fields)
    base = settings.base_url.rstrip("/")
    headers = {
        "host": urlsplit(base).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": NO_BODY,
        "x-acs-date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid4().hex,
        "x-acs-version": VERSION,
    }
    allowed = authorization(
        settings.access_key_id, settings.access_key_secret, "POST", query, headers
    )
    return f"{base}/?{query}", {**headers, "Authorization": allowed, "Accept": "application/json"}
