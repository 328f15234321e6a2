"""Tencent Cloud: its signature, statuses by number, its codes and its callbacks."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Message, Post
from channels.errors import ChannelSettingsError, ReceiptError
from channels.sms.faults import outcome_of
from channels.sms.tencent import TencentChannel, TencentSettings
from channels.sms.tencent.answers import outcomes_of
from channels.sms.tencent.errors import FAULTS, RECEIPT_FAULTS
from channels.sms.tencent.signature import authorization
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
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ACCOUNT = TencentSettings(
    "示例银行",
    {"*": "100001"},
    *("key", "id", "secret", "1400000000"),
    template_params=("text",),
    batch=200,
)
CHANNEL = TencentChannel(ACCOUNT)
REPORT = {
    "user_receive_time": "2026-03-02 16:00:05",
    "nationcode": "86",
    "mobile": "13812345678",
    "report_status": "FAIL",
    "errmsg": "UNDELIV",
    "sid": "2640:1",
}


@dataclass(slots=True)
class Wire:
    """Answers each number by `say`, and keeps what was called."""

    say: Mapping[str, str] = field(default_factory=dict)
    calls: list[dict[str, object]] = field(default_factory=list)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        content = json.loads(body or b"{}")
        self.calls.append(content)
        statuses = [
            {"PhoneNumber": number, "SerialNo": f"9:{number}", "Code": self.say.get(number, "Ok")}
            for number in content["PhoneNumberSet"]
        ]
        # Their order is nobody's promise.
        return response(SendStatusSet=statuses[::-1])

    async def close(self) -> None:
        """Nothing to give back."""


def response(status: int = 200, **fields: object) -> Reply:
    return Reply(status, {}, json.dumps({"Response": {**fields, "RequestId": "r"}}).encode())


def message(number: int, text: str = "the same", **changes: object) -> Message:
    plain = Message(str(uuid4()), f"+86138{number:08d}", text, "zh-CN")
    return replace(plain, **changes)  # type: ignore[arg-type]  # fields by name


def send(wire: Wire, messages: Sequence[Message], **changes: object) -> Sequence[Outcome]:
    account = replace(ACCOUNT, **changes)  # type: ignore[arg-type]  # fields by name
    return asyncio.run(TencentChannel(account, wire).send_many(messages))


def test_the_published_example_is_signed_as_published() -> None:
    """cloud.tencent.com/document/api/213/30654: DescribeInstances of 2019-02-25."""
    body = (
        b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    )
    headers = {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
    }
    key_id, key = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    assert authorization(key_id, key, "cvm", headers, body, 1551113065) == (
        f"TC3-HMAC-SHA256 Credential={key_id}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_one_message_is_one_call_with_its_words_and_its_attempt() -> None:
    wire = Wire()
    sent = message(1, "账单")
    assert send(wire, [sent]) == [Accepted(f"9:{sent.address}")]
    assert wire.calls == [
        {
            "PhoneNumberSet": [sent.address],
            "SmsSdkAppId": "1400000000",
            "TemplateId": "100001",
            "SignName": "示例银行",
            "TemplateParamSet": ["账单"],
            "SessionContext": sent.idempotency_key,
        }
    ]


def test_only_the_same_words_share_a_call_and_each_number_has_its_own_answer() -> None:
    bad = "+8613800000002"
    wire = Wire(say={bad: "InvalidParameterValue.IncorrectPhoneNumber"})
    sent = [message(number) for number in range(5)] + [message(6, "another"), message(1)]
    sent.append(message(7, address="+447400123456"))
    outcomes = send(wire, sent)
    assert outcomes[2] == Permanent("invalid_number", dead_contact=True)
    assert [outcomes[at] for at in (0, 1, 3, 4, 5, 6, 7)] == [
        Accepted(f"9:{sent[at].address}") for at in (0, 1, 3, 4, 5, 6, 7)
    ]
    # The same number twice, other words, and another country go by themselves.
    assert sorted(len(str(called["PhoneNumberSet"]).split(",")) for called in wire.calls) == [
        *(1, 1, 1),
        5,
    ]


def test_a_batch_of_one_is_the_default_and_the_most_is_tencents() -> None:
    wire = Wire()
    send(wire, [message(number) for number in range(4)], batch=1)
    assert len(wire.calls) == 4
    for batch in (0, 201):
        with pytest.raises(ChannelSettingsError):
            TencentChannel(replace(ACCOUNT, batch=batch))
    with pytest.raises(ChannelSettingsError):
        TencentChannel(replace(ACCOUNT, templates={}))


def test_without_a_template_nothing_is_called() -> None:
    wire = Wire()
    assert send(wire, [message(1)], templates={"overdue/en": "2"}) == [Permanent("no_template")]
    assert wire.calls == []


@pytest.mark.parametrize("code", FAULTS)
def test_each_code_follows_its_row_for_a_number_and_for_the_call(code: str) -> None:
    wanted = outcome_of(FAULTS[code])
    statuses = [{"PhoneNumber": "+1", "Code": code}]
    assert outcomes_of(response(SendStatusSet=statuses), ["+1"], NOW) == [wanted]
    assert outcomes_of(response(Error={"Code": code}), ["+1", "+2"], NOW) == [wanted] * 2


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("AuthFailure.SignatureExpire", Transient("account")),
        ("UnauthorizedOperation.RequestIpNotInWhitelist", Transient("account")),
        ("LimitExceeded.NewAndStrange", Transient("quota")),
        ("RequestLimitExceeded", Transient("rate_limited")),
        ("InternalError.Timeout", Uncertain("provider_fault")),
        ("InvalidParameter", Permanent("bad_request")),
        ("New.And.Strange", Permanent("new.and.strange")),
        ("新", Permanent("refused")),
    ],
)
def test_codes_that_are_not_in_the_table_are_read_by_their_family(
    code: str, wanted: Outcome
) -> None:
    assert outcomes_of(response(Error={"Code": code}), ["+1"], NOW) == [wanted]


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (Reply(200, {}, b"<html>"), Uncertain("tencent 200")),
        (Reply(502, {}, b""), Uncertain("tencent 502")),
        (Reply(403, {}, b""), Transient("account")),
        (Reply(429, {}, b""), Transient("rate_limited")),
        (Reply(404, {}, b""), Permanent("refused")),
        (response(SendStatusSet=[]), Uncertain("the answer does not name this number")),
        (response(SendStatusSet=[None, 7]), Uncertain("the answer does not name this number")),
        (
            response(SendStatusSet=[{"PhoneNumber": "+1", "Code": "Ok"}]),
            Uncertain("accepted with an unreadable body"),
        ),
    ],
)
def test_an_answer_that_says_nothing(reply: Reply, wanted: Outcome) -> None:
    assert outcomes_of(reply, ["+1"], NOW) == [wanted]


def test_a_dated_retry_after_is_measured() -> None:
    busy = replace(
        response(Error={"Code": "RequestLimitExceeded"}),
        headers={"retry-after": "Mon, 02 Mar 2026 08:00:09 GMT"},
    )
    assert outcomes_of(busy, ["+1"], NOW) == [Transient("rate_limited", timedelta(seconds=9))]


def test_the_published_callback_says_delivered() -> None:
    if not SAMPLES.exists():
        pytest.skip("no provider-callbacks.json beside the checkout")
    sample = json.loads(SAMPLES.read_text(encoding="utf-8"))["tencent"]
    (told,) = CHANNEL.hear(Post(json.dumps(sample["body"]).encode())).receipts
    assert (told.attempt_id, told.provider_ref) == ("", "xxxxxxx")
    assert (told.status, told.at) == (
        ReceiptStatus.DELIVERED,
        datetime(2015, 10, 17, 0, 3, 4, tzinfo=UTC),
    )
    assert json.loads(CHANNEL.answer().body) == sample["reply"]


@pytest.mark.parametrize("code", [*RECEIPT_FAULTS, "9999"])
def test_why_it_did_not_arrive(code: str) -> None:
    (told,) = CHANNEL.hear(Post(json.dumps([REPORT | {"errmsg": code}]).encode())).receipts
    row = RECEIPT_FAULTS.get(code)
    assert told.reason == (row.reason if row else "9999")
    # A code that may mean "switched off" never kills a number.
    assert told.dead_contact is (code in ("MK:0001", "DB:0101"))


def test_what_a_customer_writes() -> None:
    reply = {"mobile": "13812345678", "nationcode": "86", "text": "TD", "time": 1457336869}
    (told,) = CHANNEL.hear(Post(json.dumps(reply).encode())).inbound
    assert told == Inbound(
        "+8613812345678", "TD", datetime(2016, 3, 7, 7, 47, 49, tzinfo=UTC), told.ref
    )
    (again,) = CHANNEL.hear(Post(json.dumps(reply).encode())).inbound
    (other,) = CHANNEL.hear(Post(json.dumps(reply | {"text": "T"}).encode())).inbound
    assert again.ref == told.ref != other.ref
    whole = reply | {"mobile": "+8613812345678"}
    assert CHANNEL.hear(Post(json.dumps(whole).encode())).inbound[0].sender == told.sender


_ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
_FIELDS = st.sampled_from([*REPORT, "text", "time"])
_KNOWN = st.sampled_from([*REPORT.values(), "SUCCESS", 1457336869, 10**15, "1" * 40])


@given(st.lists(st.dictionaries(_FIELDS, _ANY | _KNOWN, max_size=8) | _ANY, max_size=3))
@settings(max_examples=100, deadline=None)
def test_garbage_raises_receipt_errors_only(entries: list[object]) -> None:
    try:
        told = CHANNEL.hear(Post(json.dumps(entries).encode()))
    except ReceiptError:
        return
    assert all(each.provider_ref for each in told.receipts)
    assert all(each.sender.startswith("+") and each.ref for each in told.inbound)


@given(st.text(max_size=60), st.binary(max_size=20))
@settings(max_examples=60, deadline=None)
def test_nothing_verifies_without_the_key(url: str, body: bytes) -> None:
    assert not CHANNEL.verify(Post(body, url=url))
    open_to_all = TencentChannel(replace(ACCOUNT, receipts_secret=""))
    assert not open_to_all.verify(Post(body, url=f"/v1/receipts/tencent?key=&{url}"))
    assert CHANNEL.verify(Post(body, url="/v1/receipts/tencent?key=key"))
