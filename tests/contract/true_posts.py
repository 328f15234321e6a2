"""Posts that say something true of an attempt, as data that can be spoilt before it is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from channels.sandbox.wechat_line import event_xml
from channels.sms.smpp.heard import post_of
from channels.sms.smpp.pdu import Command, Pdu, encode
from tests.contract.posters import RIGHT, posters

AT: Final = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_WEBHOOK: Final = "whatsapp_business_account"
_SID: Final = "SM" + "0" * 32

Tree = object  # what JSON can hold


def as_json(tree: Tree) -> bytes:
    return json.dumps(tree).encode()


def _texts(tree: Tree) -> Mapping[str, str]:
    if not isinstance(tree, dict):
        return {}
    told = {
        str(name): value if isinstance(value, str) else repr(value) for name, value in tree.items()
    }
    return {
        name.encode("utf-8", "replace").decode(): value.encode("utf-8", "replace").decode()
        for name, value in told.items()
    }


def as_form(tree: Tree) -> bytes:
    return urlencode(_texts(tree)).encode()


def as_xml(tree: Tree) -> bytes:
    return event_xml(_texts(tree))


def _sealed(tree: Tree) -> bytes:
    (poster,) = (each for each in posters() if each.name == "sealed")
    assert poster.sign is not None
    return poster.sign(as_xml(tree), RIGHT, 1).body


def _from_mailgun(tree: Tree) -> bytes:
    return as_json({"signature": {}, "event-data": tree})


def as_mail(tree: Tree) -> bytes:
    """Heads are `name: value`, the rest stands in the body."""
    fields = dict(_texts(tree))
    words = fields.pop("words", "")
    heads = (f"{name}: {value}" for name, value in fields.items())
    return "\r\n".join((*heads, "", words)).encode()


WRITERS: Final[Mapping[str, Callable[[Tree], bytes]]] = {
    "twilio": as_form,
    "calls": as_form,
    "wechat": as_xml,
    "sealed": _sealed,
    "mailgun": _from_mailgun,
    "letters": as_mail,
}


def write(name: str, tree: Tree) -> bytes:
    """A post of this provider with this content."""
    return WRITERS.get(name, as_json)(tree)


def trees(name: str, attempt: str, ref: str) -> Sequence[Tree]:
    """What this provider says of an attempt: first that it arrived. `ref` is its own id."""
    return {
        **_ours(attempt, ref),
        **_of_mail(attempt, ref),
        **_of_chat(attempt, ref),
        **_of_sms(attempt, ref),
    }.get(name, ())


def _ours(attempt: str, ref: str) -> dict[str, Sequence[Tree]]:
    entry = {"reference": attempt, "id": ref, "at": AT.isoformat()}
    words = {
        "gateway": ("DELIVRD", "UNDELIV"),
        "mail": ("opened", "bounced"),
        "inbox": ("read",),
        "push": ("delivered", "acted"),
        "tickets": ("acted",),
    }
    code = {"error": "1", "code": "5.1.1"}
    return {
        name: [[{**entry, "status": word, **code}] for word in each] for name, each in words.items()
    }


def _of_mail(attempt: str, ref: str) -> dict[str, Sequence[Tree]]:
    ident = f"<{attempt}@lender.example.com>"
    mailgun = {
        "id": ref,
        "timestamp": AT.timestamp(),
        "recipient": "li@customer.example.com",
        "message": {"headers": {"message-id": ident.strip("<>")}},
        "delivery-status": {"code": 550, "message": "no such user", "enhanced-code": "5.1.1"},
        "severity": "permanent",
    }
    sendgrid = {
        "sg_event_id": ref,
        "timestamp": AT.timestamp(),
        "email": "li@customer.example.com",
        "smtp-id": ident,
        "reason": "550 no such user",
        "status": "5.1.1",
    }
    letter = {
        "From": "li@customer.example.com",
        "Date": "Mon, 02 Mar 2026 08:00:00 +0000",
        "In-Reply-To": ident,
        "Message-ID": f"<{ref}@customer.example.com>",
        "Subject": "Re: your bill",
    }
    words = ("delivered", "failed", "complained", "unsubscribed")
    events = ("delivered", "bounce", "dropped", "unsubscribe")
    return {
        "mailgun": [{**mailgun, "event": word} for word in words],
        "sendgrid": [[{**sendgrid, "event": word}] for word in events],
        "letters": [{**letter, "words": "STOP"}],
    }


def _of_chat(attempt: str, ref: str) -> dict[str, Sequence[Tree]]:
    second = str(int(AT.timestamp()))
    finished = {
        "MsgType": "event",
        "Event": "TEMPLATESENDJOBFINISH",
        "CreateTime": second,
        "MsgID": ref,
        "Status": "success",
    }
    written = {
        "MsgType": "text",
        "FromUserName": "s00-openid",
        "CreateTime": second,
        "MsgId": ref,
        "Content": "TD",
    }
    status = {"id": ref, "timestamp": second, "biz_opaque_callback_data": attempt}
    failed = {**status, "status": "failed", "errors": [{"code": 131026, "title": "none"}]}
    text = {"from": "8610012345678", "id": ref, "timestamp": second, "type": "text"}
    pressed = {**text, "type": "interactive", "interactive": {"button_reply": {"title": "STOP"}}}

    def webhook(**value: Tree) -> Tree:
        return {"object": _WEBHOOK, "entry": [{"changes": [{"value": value}]}]}

    return {
        "wechat": [finished, written],
        "sealed": [finished, written],
        "whatsapp": [
            webhook(statuses=[{**status, "status": "delivered"}]),
            webhook(statuses=[failed]),
            webhook(messages=[{**text, "text": {"body": "STOP"}}, pressed]),
        ],
    }


def _of_sms(attempt: str, ref: str) -> dict[str, Sequence[Tree]]:
    local = "2026-03-02 16:00:00"
    report = {"phone_number": "10012345678", "report_time": local, "out_id": attempt, "biz_id": ref}
    up = {"phone_number": "10012345678", "send_time": local, "content": "TD", "sequence_id": ref}
    told = {"nationcode": "86", "mobile": "10012345678"}
    receipt = {**told, "user_receive_time": local, "errmsg": "DELIVRD", "sid": ref}
    written = {"From": "+8610012345678", "Body": "STOP", "MessageSid": _SID}
    return {
        "aliyun": [
            [{**report, "success": True, "err_code": "DELIVERED"}],
            [{**report, "success": False, "err_code": "MK:0001"}, up],
        ],
        "tencent": [
            [{**receipt, "report_status": "SUCCESS"}],
            {**told, "text": "TD", "time": int(AT.timestamp()), "sign": "n", "extend": ""},
        ],
        "twilio": [
            {"MessageStatus": "delivered", "MessageSid": ref},
            {"MessageStatus": "undelivered", "MessageSid": ref, "ErrorCode": "30005"},
            {**written, "SmsStatus": "received"},
        ],
        "calls": [
            {"CallStatus": "completed", "AnsweredBy": "human", "CallSid": ref},
            {"CallStatus": "failed", "SipResponseCode": "404", "CallSid": ref},
        ],
        "smpp": [_heard(4, f"id:{ref} done date:2603020800 stat:DELIVRD err:000"), _heard(0, "TD")],
    }


def _heard(kind: int, text: str) -> Tree:
    texts = {"source_addr": "8610012345678"}
    pdu = Pdu(Command.DELIVER_SM, 0, 1, texts, {"esm_class": kind}, text.encode())
    heard: Tree = json.loads(post_of(encode(pdu), AT).body)
    return heard


def query(name: str, attempt: str) -> str:
    """What stands in the address that the provider calls."""
    return f"attempt={attempt}" if name in ("twilio", "calls") else ""


def content_type(name: str) -> str:
    return "message/rfc822" if name == "letters" else ""
