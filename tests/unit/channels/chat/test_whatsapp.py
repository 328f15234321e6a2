"""WhatsApp: what is asked, what its codes mean, what its webhooks tell, and who signed them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Post
from channels.errors import AnswerLost, ReceiptError
from channels.sandbox.whatsapp_line import webhook
from channels.transport import Reply
from channels.verdicts import Fault
from channels.whatsapp import WhatsappChannel, WhatsappSettings
from channels.whatsapp.answers import outcome_of
from channels.whatsapp.errors import VERDICTS
from channels.whatsapp.receipts import read
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Permanent,
    Receipt,
    ReceiptStatus,
    Transient,
    Uncertain,
)
from tests.unit.channels.push.scenes import ATTEMPT, NOW, Scripted, message, reply

SETTINGS = WhatsappSettings(
    phone_number_id="106540352242922",
    token="bearer-t",  # noqa: S106  # invented
    receipts_secret="app-s",  # noqa: S106  # invented
    templates={"overdue": "bill_overdue", "pre_due/zh-CN": "bill_soon"},
    parameters={"overdue": ("lender", "amount")},
    languages={"en": "en_US"},
    base_url="https://graph.example.com",
)
TAKEN = reply(200, {"messaging_product": "whatsapp", "messages": [{"id": "wamid.HBg="}]})
AT = datetime(2025, 6, 25, 13, 16, 24, tzinfo=UTC)


def refused(status: int, code: int) -> Reply:
    return reply(status, {"error": {"message": f"(#{code}) no", "code": code}})


def play(http: Scripted, **changes: object) -> Outcome:
    async def run() -> Outcome:
        channel = WhatsappChannel(SETTINGS, http)
        params = {"amount": "¥1,234.56", "lender": "示例\n银行"}
        given = {"address": "+8610012345678", "params": params, **changes}
        found = await channel.send(message(**given))
        await channel.close()
        return found

    return asyncio.run(run())


def test_fills_the_template_in_the_order_of_the_settings() -> None:
    http = Scripted([TAKEN])
    assert play(http, kind="overdue", language="en") == Accepted("wamid.HBg=")
    ((_, url, headers, sent),) = http.asked
    assert url == "https://graph.example.com/v23.0/106540352242922/messages"
    assert headers["Authorization"] == "Bearer bearer-t"
    words = [{"type": "text", "text": "示例 银行"}, {"type": "text", "text": "¥1,234.56"}]
    assert json.loads(sent) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "8610012345678",
        "type": "template",
        "template": {
            "name": "bill_overdue",
            "language": {"code": "en_US"},
            "components": [{"type": "body", "parameters": words}],
        },
        "biz_opaque_callback_data": ATTEMPT,
    }


def test_a_language_is_written_as_whatsapp_writes_it() -> None:
    http = Scripted([TAKEN])
    play(http, kind="pre_due")
    template = json.loads(http.asked[0][3])["template"]
    assert template["language"] == {"code": "zh_CN"}
    assert template["components"][0]["parameters"][0]["text"] == "您的账单明天到期"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"kind": "pre_due", "language": "en"}, Permanent("no_template")),
        ({"kind": "overdue", "params": {"lender": "x"}}, Permanent("no_word_amount")),
        ({"address": "8610012345678"}, Permanent("invalid_number", dead_contact=True)),
    ],
)
def test_what_cannot_be_said_is_not_sent(changes: Mapping[str, object], wanted: Outcome) -> None:
    http = Scripted([TAKEN])
    assert play(http, **changes) == wanted
    assert http.asked == []


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (refused(400, 131026), Permanent("not_on_whatsapp", dead_contact=True)),
        (refused(400, 131047), Permanent("window_closed")),
        (refused(429, 130429), Transient("rate_limited")),
        (refused(429, 80007), Transient("rate_limited")),
        (refused(400, 131048), Transient("spam_limit")),
        (refused(400, 131056), Transient("pair_rate_limited")),
        (refused(401, 190), Transient("credentials_expired")),
        (refused(403, 200), Transient("not_permitted")),
        (refused(400, 132000), Permanent("template_words")),
        (refused(404, 132001), Permanent("template_missing")),
        (refused(400, 131050), Permanent("refused_by_customer")),
        (refused(500, 131000), Transient("unknown_error")),
        (refused(400, 999_999), Permanent("whatsapp_400")),
        (reply(401, {}), Transient("credentials_refused")),
        (reply(429, None, {"retry-after": "3"}), Transient("whatsapp_429", timedelta(seconds=3))),
        (Reply(502, {}, b"<html>"), Uncertain("whatsapp_502")),
        (reply(200, {"messages": []}), Uncertain("accepted with an unreadable body")),
        (Reply(200, {}, b"["), Uncertain("accepted with an unreadable body")),
    ],
)
def test_what_an_answer_means(answer: Reply, wanted: Outcome) -> None:
    assert outcome_of(answer, NOW) == wanted


def test_lost_after_it_left_is_uncertain() -> None:
    assert play(Scripted([AnswerLost("closed")])) == Uncertain("no answer: closed")


def test_one_code_alone_blames_the_number() -> None:
    assert [code for code, row in VERDICTS.items() if row.fault is Fault.ADDRESS] == [131026]


def status(word: str, **changes: object) -> dict[str, object]:
    return {
        "id": "wamid.HBg=",
        "status": word,
        "timestamp": "1750857384",
        "recipient_id": "8610012345678",
        "biz_opaque_callback_data": ATTEMPT,
        **changes,
    }


@pytest.mark.parametrize(
    ("entry", "wanted", "reason", "dead"),
    [
        (status("sent"), ReceiptStatus.ACCEPTED, "", False),
        (status("delivered"), ReceiptStatus.DELIVERED, "", False),
        (status("read"), ReceiptStatus.READ, "", False),
        (
            status("failed", errors=[{"code": 131026}]),
            ReceiptStatus.UNDELIVERED,
            "not_on_whatsapp",
            True,
        ),
        (
            status("failed", errors=[{"code": 131049}]),
            ReceiptStatus.UNDELIVERED,
            "held_back",
            False,
        ),
        (status("failed", errors=[{"code": 77}]), ReceiptStatus.UNDELIVERED, "whatsapp_77", False),
        (status("failed", errors="?"), ReceiptStatus.UNDELIVERED, "failed", False),
    ],
)
def test_statuses_quote_our_attempt(
    entry: object, wanted: ReceiptStatus, reason: str, dead: bool
) -> None:
    told = read(webhook([entry]))
    assert list(told.receipts) == [Receipt(ATTEMPT, wanted, AT, "wamid.HBg=", reason, dead)]


def test_messages_of_somebody_else_on_our_number_are_passed_over() -> None:
    theirs = status("delivered")
    del theirs["biz_opaque_callback_data"]
    assert not read(webhook([theirs, status("deleted")])).receipts


def wrote(kind: str, **inner: object) -> dict[str, object]:
    basic = {"from": "8610012345678", "id": "wamid.2", "timestamp": "1750857384", "type": kind}
    return {**basic, **inner}


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (wrote("text", text={"body": "退订"}), "退订"),
        (wrote("button", button={"text": "Stop", "payload": "p"}), "Stop"),
        (wrote("interactive", interactive={"button_reply": {"id": "1", "title": "好"}}), "好"),
        (wrote("interactive", interactive={"list_reply": {"id": "1", "title": "B"}}), "B"),
        (wrote("image", image={}), "[image]"),
        (wrote("text", text="?"), ""),
    ],
)
def test_what_customers_write_is_inbound(entry: object, text: str) -> None:
    told = read(webhook([], [entry]))
    assert list(told.inbound) == [Inbound("+8610012345678", text, AT, ref="wamid.2")]


def test_a_bad_status_costs_neither_the_others_nor_what_was_written() -> None:
    stop = wrote("text", text={"body": "STOP"})
    with pytest.raises(ReceiptError) as caught:
        read(webhook([status("read"), status("?"), 7], [stop, {"from": "x"}]))
    assert len(caught.value.readable) == 1
    assert [each.text for each in caught.value.inbound] == ["STOP"]


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_entry = st.dictionaries(
    st.sampled_from(["status", "timestamp", "id", "errors", "from", "type", "text"]),
    _leaf
    | st.sampled_from(["failed", "1750857384", ATTEMPT, "text"])
    | st.lists(_leaf, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_entry | _leaf, max_size=3), st.lists(_entry | _leaf, max_size=3))
def test_nothing_but_receipt_errors(statuses: list[object], messages: list[object]) -> None:
    ours = [
        {**each, "biz_opaque_callback_data": ATTEMPT} if isinstance(each, dict) else each
        for each in statuses
    ]
    try:
        found = read(webhook(ours, messages)).receipts
    except ReceiptError as error:
        found = error.readable
    assert all(receipt.attempt_id == ATTEMPT and receipt.at.tzinfo for receipt in found)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"7", b'{"object":"page"}', b"[" * 100_000])
def test_what_is_no_webhook_of_whatsapps_is_refused(body: bytes) -> None:
    with pytest.raises(ReceiptError):
        read(body)


def test_only_the_apps_secret_signs() -> None:
    channel = WhatsappChannel(SETTINGS)
    body = webhook([status("read")])
    right = "sha256=" + hmac.new(b"app-s", body, hashlib.sha256).hexdigest()
    assert channel.verify(Post(body, {"X-Hub-Signature-256": right}))
    assert not channel.verify(Post(body + b" ", {"x-hub-signature-256": right}))
    assert not channel.verify(Post(body, {"x-hub-signature-256": right[7:]}))
    assert not channel.verify(Post(body, {"x-hub-signature-256": "é"}))
    assert not channel.verify(Post(body))
    open_door = WhatsappChannel(replace(SETTINGS, receipts_secret=""))
    empty = "sha256=" + hmac.new(b"", body, hashlib.sha256).hexdigest()
    assert not open_door.verify(Post(body, {"x-hub-signature-256": empty}))
