"""Aliyun: its signature, batches that stay traceable, its codes and its arrays."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Message, Post
from channels.errors import ChannelSettingsError, ReceiptError
from channels.sms.aliyun import AliyunChannel, AliyunSettings
from channels.sms.aliyun.answers import read_answer, refused
from channels.sms.aliyun.errors import FAULTS, RECEIPT_FAULTS, fault
from channels.sms.aliyun.out_id import all_of, is_packed, mark_of, pack, unpack
from channels.sms.aliyun.signature import NO_BODY, authorization, query_string
from channels.sms.faults import Fault, Kind
from channels.transport import Reply
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Permanent,
    ReceiptStatus,
    Transient,
    Uncertain,
)

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
SAMPLES = DATA / "provider-callbacks.json"
ACCOUNT = AliyunSettings(
    "示例银行",
    {"pre_due/zh-CN": "SMS_1", "*": "SMS_2"},
    *("key", "id", "secret"),
    template_params=("text",),
)
CHANNEL = AliyunChannel(ACCOUNT)
REPORT = {
    "phone_number": "13812345678",
    "report_time": "2026-03-02 16:00:05",
    "success": False,
    "err_code": "MOBILE_NOT_ON_SERVICE",
    "biz_id": "1^0",
    "out_id": "20260301-8f0a-4c4e-9a58-0d6d2a3b4c5d",
}


@dataclass(slots=True)
class Wire:
    """Answers each call by `say`, and keeps what was called."""

    say: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    calls: list[dict[str, str]] = field(default_factory=list)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        fields = dict(parse_qsl(urlsplit(url).query))
        self.calls.append({**fields, "action": headers["x-acs-action"]})
        text = fields.get("PhoneNumbers") or fields["PhoneNumberJson"]
        for number, (status, code) in self.say.items():
            if number in text:
                return Reply(status, {}, json.dumps({"Code": code}).encode())
        return Reply(200, {}, b'{"Code":"OK","BizId":"77^0"}')

    async def close(self) -> None:
        """Nothing to give back."""


def message(number: int, **changes: object) -> Message:
    plain = Message(str(uuid4()), f"+86138{number:08d}", f"text {number}", "zh-CN")
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by name


def send(wire: Wire, messages: Sequence[Message], **changes: object) -> Sequence[Outcome]:
    account = replace(ACCOUNT, **changes)  # type: ignore[arg-type]  # fields by name
    return asyncio.run(AliyunChannel(account, wire).send_many(messages))


def test_the_published_example_is_signed_as_published() -> None:
    """help.aliyun.com 2593177: RunInstances with YourAccessKeyId."""
    query = query_string(
        {
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            "RegionId": "cn-shanghai",
        }
    )
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": NO_BODY,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    assert authorization("YourAccessKeyId", "YourAccessKeySecret", "POST", query, headers) == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_one_message_is_one_call_with_its_attempt_and_its_template() -> None:
    wire = Wire()
    sent = message(1, kind="pre_due")
    assert send(wire, [sent]) == [Accepted("77^0")]
    (called,) = wire.calls
    assert (called["action"], called["OutId"]) == ("SendSms", sent.idempotency_key)
    assert (called["PhoneNumbers"], called["SignName"]) == (sent.address, "示例银行")
    assert called["TemplateCode"] == "SMS_1"
    assert json.loads(called["TemplateParam"]) == {"text": "text 1"}


def test_messages_of_one_template_share_calls_that_name_each_attempt() -> None:
    wire = Wire()
    sent = [message(number, kind="pre_due" if number % 3 else "overdue") for number in range(40)]
    assert send(wire, sent) == [Accepted("77^0")] * 40
    assert {called["TemplateCode"] for called in wire.calls} == {"SMS_1", "SMS_2"}
    named: dict[str, str] = {}
    for called in wire.calls:
        assert len(called["OutId"]) <= 255
        for number in json.loads(called["PhoneNumberJson"]):
            named[number] = unpack(called["OutId"], number)
    assert named == {each.address: each.idempotency_key for each in sent}
    assert len(wire.calls) < 10


def test_two_numbers_that_an_out_id_would_not_tell_apart_never_share_a_call() -> None:
    seen: dict[str, Message] = {}
    for number in range(70_000):
        each = message(number)
        twin = seen.setdefault(mark_of(each.address), each)
        if twin is not each:
            break
    wire = Wire()
    send(wire, [twin, each, message(99_999_999)])
    assert sorted(called["action"] for called in wire.calls) == ["SendBatchSms", "SendSms"]


def test_one_bad_number_does_not_blame_the_others_of_its_batch() -> None:
    wire = Wire(say={"13800000002": (200, "isv.MOBILE_NUMBER_ILLEGAL")})
    outcomes = send(wire, [message(number) for number in range(4)])
    assert outcomes[2] == Permanent("invalid_number", dead_contact=True)
    assert [outcomes[place] for place in (0, 1, 3)] == [Accepted("77^0")] * 3


def test_the_accounts_fault_is_everybodys() -> None:
    wire = Wire(say={"138": (200, "isv.AMOUNT_NOT_ENOUGH")})
    assert send(wire, [message(1), message(2)]) == [Transient("balance")] * 2
    assert len(wire.calls) == 1


def test_without_a_template_or_a_variable_nothing_is_called() -> None:
    wire = Wire()
    outcomes = send(wire, [message(1, kind="pre_due")], templates={"overdue/zh-CN": "SMS_3"})
    assert outcomes == [Permanent("no_template")]
    outcomes = send(wire, [message(1)], template_params=("amount",))
    assert outcomes == [Permanent("no_variable")]
    assert send(wire, [message(1, address="+861085123456")]) == [Permanent("landline", True)]
    assert wire.calls == []


def test_variables_are_named_in_order_and_by_template() -> None:
    wire = Wire()
    words = {"amount": "¥1.00", "due_on": "3月2日"}
    changes = {"template_params": ("money=amount",), "params_of_template": {"SMS_1": ("due_on",)}}
    send(wire, [message(1, params=words), message(2, params=words, kind="pre_due")], **changes)
    given = [json.loads(called["TemplateParam"]) for called in wire.calls]
    assert given == [{"money": "¥1.00"}, {"due_on": "3月2日"}]


@pytest.mark.parametrize("changes", [{"templates": {}}, {"batch": 0}, {"batch": 11}])
def test_settings_that_cannot_work_stop_the_start(changes: dict[str, object]) -> None:
    with pytest.raises(ChannelSettingsError):
        AliyunChannel(replace(ACCOUNT, **changes))  # type: ignore[arg-type]  # fields by name


@given(
    st.lists(st.uuids(), min_size=1, max_size=10, unique=True),
    st.integers(min_value=0, max_value=10**8),
)
@settings(max_examples=60, deadline=None)
def test_what_is_packed_is_found_by_its_number(ids: list[UUID], first: int) -> None:
    numbers = [f"+86139{first + at:08d}"[:14] for at in range(len(ids))]
    pairs = {
        mark_of(number): (str(each), number) for each, number in zip(ids, numbers, strict=True)
    }
    out_id = pack(list(pairs.values()))
    assert len(out_id) <= 255
    assert all_of(out_id) == [each for each, _ in pairs.values()]
    if len(pairs) > 1:
        assert is_packed(out_id)
        assert all(unpack(out_id, number) == each for each, number in pairs.values())


@given(st.text(max_size=250), st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_out_id_can_be_read(out_id: str, number: str) -> None:
    unpack(out_id, number)
    all_of(out_id)


@pytest.mark.parametrize("code", FAULTS)
def test_each_refusal_follows_its_row(code: str) -> None:
    found = read_answer(Reply(200, {}, json.dumps({"Code": code}).encode()))
    assert found == FAULTS[code]
    assert not FAULTS[code].dead_contact or code == "isv.MOBILE_NUMBER_ILLEGAL"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"Code":"isv.NEW_AND_STRANGE"}', Kind.NEVER),
        (400, b"<html>", Kind.NEVER),
        (403, b"", Kind.ACCOUNT),
        (429, b"", Kind.LATER),
        (503, b'{"Code":"ServiceUnavailable"}', Kind.LATER),
    ],
)
def test_other_answers(status: int, body: bytes, kind: Kind) -> None:
    found = read_answer(Reply(status, {}, body))
    assert getattr(found, "kind", None) is kind
    assert not getattr(found, "dead_contact", True)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"Code":"OK"}'),
        (200, b'{"Code":"OK","BizId":7}'),
        (502, b"<html>"),
        (500, b'{"Code":"NEW"}'),
    ],
)
def test_an_answer_that_says_nothing_is_uncertain(status: int, body: bytes) -> None:
    reply = Reply(status, {}, body)
    found = read_answer(reply)
    outcome = refused(found, reply, datetime.now(UTC)) if isinstance(found, Fault) else found
    assert isinstance(outcome, Uncertain)


def test_the_published_callbacks_say_delivered() -> None:
    if not SAMPLES.exists():
        pytest.skip("no provider-callbacks.json beside the checkout")
    samples = json.loads(SAMPLES.read_text(encoding="utf-8"))
    post = Post(json.dumps(samples["aliyun"]["body"]).encode())
    (told,) = CHANNEL.hear(post).receipts
    assert (told.status, told.provider_ref) == (ReceiptStatus.DELIVERED, "12345********")
    assert told.at == datetime(2016, 12, 31, 16, 0, tzinfo=UTC)
    post = Post(json.dumps(samples["aliyun_global"]["body"] * 2).encode())
    one, again = CHANNEL.hear(post).receipts
    assert one == again
    assert (one.status, one.at) == (
        ReceiptStatus.DELIVERED,
        datetime(2021, 11, 25, 2, 27, 33, tzinfo=UTC),
    )
    assert CHANNEL.answer().body == '{"code":0,"msg":"接收成功"}'.encode()


@pytest.mark.parametrize("code", RECEIPT_FAULTS)
def test_why_it_did_not_arrive(code: str) -> None:
    (told,) = CHANNEL.hear(Post(json.dumps([REPORT | {"err_code": code}]).encode())).receipts
    row = RECEIPT_FAULTS[code]
    assert (told.reason, told.dead_contact) == (row.reason, row.dead_contact)
    assert told.attempt_id == REPORT["out_id"]
    # A code that may mean "switched off" never kills a number.
    assert row.dead_contact is (code in ("MK:0001", "DB:0101"))


def test_an_expired_or_unknown_failure_blames_nobody() -> None:
    entry = {"MessageId": "9", "Status": "6", "ReceiveDate": "Thu, 25 Nov 2021 10:27:33 +0800"}
    (told,) = CHANNEL.hear(Post(json.dumps(entry).encode())).receipts
    assert (told.reason, told.dead_contact, told.attempt_id) == ("expired", False, "")
    (told,) = CHANNEL.hear(Post(json.dumps(REPORT | {"err_code": "9;DROP"}).encode())).receipts
    assert (told.reason, told.dead_contact) == ("undelivered", False)
    assert fault("X" * 99).reason == "refused"


def test_what_customers_write_beside_an_entry_that_cannot_be_read() -> None:
    up = {
        "phone_number": "13812345678",
        "send_time": "20260302160005",
        "content": "退订",
        "sequence_id": 1234567890,
    }
    wanted = Inbound(
        "+8613812345678", "退订", datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC), "1234567890"
    )
    assert CHANNEL.hear(Post(json.dumps([up]).encode())).inbound == [wanted]
    with pytest.raises(ReceiptError) as caught:
        CHANNEL.hear(Post(json.dumps([up | {"send_time": "soon"}, up]).encode()))
    assert caught.value.inbound == (wanted,)


_ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
_FIELDS = st.sampled_from(
    [*REPORT, "content", "send_time", "sequence_id", "MessageId", "Status", "ReceiveDate"]
)
_KNOWN = st.sampled_from([*REPORT.values(), "1", "6", "Thu, 25 Nov 2021 10:27:33 +0800", "9" * 50])


@given(st.lists(st.dictionaries(_FIELDS, _ANY | _KNOWN, max_size=8) | _ANY, max_size=3))
@settings(max_examples=100, deadline=None)
def test_garbage_raises_receipt_errors_only(entries: list[object]) -> None:
    try:
        told = CHANNEL.hear(Post(json.dumps(entries).encode()))
    except ReceiptError:
        return
    assert all(each.attempt_id or each.provider_ref for each in told.receipts)
    assert all(each.sender.startswith("+") and each.ref for each in told.inbound)


@given(st.text(max_size=60), st.binary(max_size=20))
@settings(max_examples=60, deadline=None)
def test_nothing_verifies_without_the_key(url: str, body: bytes) -> None:
    assert not CHANNEL.verify(Post(body, url=url))
    open_to_all = AliyunChannel(replace(ACCOUNT, receipts_secret=""))
    assert not open_to_all.verify(Post(body, url=f"/v1/receipts/aliyun?key=&{url}"))
    assert CHANNEL.verify(Post(body, url="/v1/receipts/aliyun?key=key"))
