"""What nobody should post: bytes, JSON, forms, XML and mail that were never meant to be read."""

from __future__ import annotations

import json
from urllib.parse import urlencode
from uuid import uuid4

from hypothesis import strategies as st

from channels.sms.smpp.pdu import Command, Pdu, encode
from reminders.domain.identity import customer_id, make_id

ATTEMPT = str(make_id(202603, customer_id("C-1"), "invented"))

# Whole ones too large for a database, for a float, for a date; texts that no database takes.
_LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        (
            *(10**18, -(10**400), 2**63, 253_402_300_800, -62_135_596_800, 1e308, 0),
            *("\ud800", "\0", "\x00x", "٣", "²", "1" * 5000, "é" * 300, "", " "),
            *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-02T08:00:00Z"),
            *("0001-01-01 00:00:00", "9999-12-31 23:59:59", "Mon, 01 Jan 0001 00:00:00 +1400"),
            *("99999999-9999-9999-9999-999999999999", ATTEMPT, str(uuid4())),
            *("DELIVRD", "delivered", "SUCCESS", "FAIL", "completed", "received", "+8610012345678"),
        )
    ),
)
# Every field that some provider reads, and the containers they stand in.
_NAMES = st.sampled_from(
    (
        *("reference", "status", "at", "id", "error", "code", "out_id", "biz_id", "success"),
        *("err_code", "report_time", "phone_number", "content", "send_time", "sequence_id"),
        *("MessageId", "Status", "ReceiveDate", "report_status", "sid", "mobile", "nationcode"),
        *("text", "time", "user_receive_time", "errmsg", "object", "entry", "changes", "value"),
        *("statuses", "messages", "timestamp", "from", "type", "biz_opaque_callback_data"),
        *("event-data", "event", "message", "headers", "message-id", "recipient", "severity"),
        *("delivery-status", "sg_event_id", "smtp-id", "email", "reason", "heard_at", "pdu"),
        *("MessageStatus", "MessageSid", "From", "Body", "ErrorCode", "CallStatus", "Timestamp"),
        *("AnsweredBy", "Digits", "SipResponseCode", "MsgType", "Event", "MsgID", "CreateTime"),
        *("FromUserName", "Content", "MsgId", "Encrypt", "errors", "signature", "token"),
    )
)
_OBJECT = st.dictionaries(_NAMES, _LEAF, max_size=8)
_VALUE = st.recursive(
    _LEAF | _OBJECT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)
JSON = _VALUE.map(lambda value: json.dumps(value).encode())


def _form(fields: dict[str, object]) -> bytes:
    told = {name: str(value)[:200].encode("utf-8", "replace") for name, value in fields.items()}
    return urlencode(told).encode()


FORM = _OBJECT.map(_form) | st.binary(max_size=40).map(lambda raw: b"%ff&=&" + raw)

_BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><xml><MsgType>&c;</MsgType></xml>'
)
_OUTSIDE = (
    b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><xml><Encrypt>&f;</Encrypt></xml>'
)


def _xml(fields: dict[str, object]) -> bytes:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<xml>{inner}</xml>".encode("utf-8", "replace")


XML = _OBJECT.map(_xml) | st.sampled_from(
    (
        *(_BOMB, _OUTSIDE, b"<a>" * 2000, b"<xml/>", b"<xml><MsgType>event</MsgType></xml>"),
        b'<?xml version="1.0" encoding="utf-16"?><xml><MsgType>text</MsgType></xml>',
        b'<?xml version="1.0" encoding="nothing"?><xml>&#xD800;&#0;</xml>',
    )
)

_HEADS = st.sampled_from(
    (
        *("From: li@customer.example.com", "Subject: unsubscribe", "Subject: =?utf-8?b?/9j/?="),
        *(
            "Date: Mon, 01 Jan 0001 00:00:00 +1400",
            "Date: 99",
            "Date: Fri, 31 Dec 9999 23:59 -1400",
        ),
        f"In-Reply-To: <{ATTEMPT}@lender.example.com>",
        *(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
            "Content-Type",
        ),
        *("Content-Type: text/plain; charset=nothing", "Content-Type: message/rfc822"),
        *("Content-Transfer-Encoding: base64", "Auto-Submitted: auto-replied", "To: ,,;<@"),
        *("From: \ud800@x", "Message-ID: <\udcff\0>", "Content-Type: text/html; charset=utf-7"),
    )
)
_PARTS = st.sampled_from(
    (
        *(
            "--b",
            "--b--",
            "Content-Type: message/delivery-status",
            "Status: 5.1.1",
            "Action: failed",
        ),
        *("Final-Recipient: rfc822; li@customer.example.com", "", "<p>stop</p>", "STOP \ud800"),
        *("Diagnostic-Code: smtp; 550 no such user", "\0", "é", "On Monday Li wrote:", "=FF=00"),
    )
)
MAIL = st.tuples(st.lists(_HEADS, max_size=6), st.lists(_PARTS, max_size=8)).map(
    lambda both: "\r\n".join((*both[0], "", *both[1])).encode("utf-8", "surrogatepass")
)


def _unit(octets: bytes, coding: int, kind: int, tag: int) -> bytes:
    """A deliver_sm, as it waits on the stream."""
    numbers = {"esm_class": kind, "data_coding": coding}
    unit = encode(Pdu(Command.DELIVER_SM, 0, 1, {"source_addr": "\xff1"}, numbers, octets))
    whole = unit[:-1] if tag == 0 else unit + bytes((0, tag, 0, 2, 9, 9))
    if tag:
        whole = len(whole).to_bytes(4, "big") + whole[4:]
    return json.dumps({"heard_at": "2026-03-02T08:00:00+00:00", "pdu": whole.hex()}).encode()


PDU = st.builds(
    _unit,
    st.binary(max_size=60) | st.just(b"id:1 stat:DELIVRD done date:9913312561 err:000"),
    st.integers(0, 255),
    st.sampled_from((0, 4, 0x20, 0x40, 0x44)),
    st.sampled_from((0, 0x1E, 0x23, 0x27)),
)
SHORT = st.sampled_from((b"", b"[]", b"[" * 5000, b"1" * 5000, b"null", b"\xff\xfe", b"{}", b'"'))

BODY = st.one_of(st.binary(max_size=60), JSON, FORM, XML, MAIL, PDU, SHORT)


def spoilt(tree: object) -> st.SearchStrategy[object]:
    """`tree` with one to three things wrong in it, each anywhere."""
    return st.lists(st.tuples(st.integers(0, 10**6), _WRONGS, _LEAF), min_size=1, max_size=3).map(
        lambda wrongs: _with(tree, wrongs)
    )


_WRONGS = st.sampled_from(("drop", "retype", "retype", "wrap", "double", "rename", "object"))


def _with(tree: object, wrongs: list[tuple[int, str, object]]) -> object:
    for where, wrong, leaf in wrongs:
        count = _count(tree)
        tree = _spoil(tree, where % count, wrong, leaf)
    return tree


def _count(tree: object) -> int:
    return 1 + sum(map(_count, _inside(tree)))


def _inside(tree: object) -> list[object]:
    if isinstance(tree, dict):
        return list(tree.values())
    return tree if isinstance(tree, list) else []


def _spoil(tree: object, where: int, wrong: str, leaf: object) -> object:
    """The node number `where`, counted from the root down, made wrong."""
    if where == 0:
        return {"wrap": [tree], "double": [tree, tree], "object": {"value": tree}}.get(wrong, leaf)
    keys = list(tree) if isinstance(tree, dict) else list(range(len(_inside(tree))))
    found = dict(zip(keys, _inside(tree), strict=True))
    for key, inner in found.items():
        where -= 1
        size = _count(inner)
        if where < size:
            found |= {key: _spoil(inner, where, wrong, leaf)}
            if where == 0 and wrong in ("drop", "rename"):
                kept = found.pop(key)
                found |= {f"{key}x": kept} if wrong == "rename" else {}
            break
        where -= size - 1
    return found if isinstance(tree, dict) else list(found.values())
