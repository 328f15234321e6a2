"""WeChat: what is asked, what its codes mean, what its server tells, and who it is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Post
from channels.errors import ChannelSettingsError, NotConnected, ReceiptError
from channels.transport import Reply
from channels.wechat import WechatChannel, WechatSettings
from channels.wechat.answers import outcome_of
from channels.wechat.receipts import read
from channels.wechat.sealing import Seal
from channels.wechat.signature import sign, verify
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
from tests.unit.channels.push.scenes import ATTEMPT, Scripted, message, reply

SETTINGS = WechatSettings(
    app_id="wx1",
    app_secret="s3cret",  # noqa: S106  # invented
    receipts_secret="token",  # noqa: S106  # invented
    templates={"overdue": "T-over", "pre_due/zh-CN": "T-pre"},
    fields={"overdue": {"amount2": "amount", "thing1": "lender"}},
    base_url="https://wechat.example.com",
)
OPENID = "oia2TjuEGTNoeX76QEjQNrcURxG8"
GRANTED = reply(200, {"access_token": "tok/1", "expires_in": 7200})
TAKEN = reply(200, {"errcode": 0, "errmsg": "ok", "msgid": 200228332})


def refused(code: int) -> Reply:
    return reply(200, {"errcode": code, "errmsg": "no"})


def play(http: Scripted, **changes: object) -> Outcome:
    async def run() -> Outcome:
        channel = WechatChannel(SETTINGS, http)
        params = {"amount": "¥1,234.56", "lender": "示例银行"}
        given = {"address": OPENID, "params": params, **changes}
        found = await channel.send(message(**given))
        await channel.close()
        return found

    return asyncio.run(run())


def test_asks_for_the_stable_token_and_fills_the_template() -> None:
    http = Scripted([GRANTED, TAKEN])
    assert play(http, kind="overdue") == Accepted("200228332")
    (_, granted_at, _, asked), (_, url, _, sent) = http.asked
    assert granted_at == "https://wechat.example.com/cgi-bin/stable_token"
    assert json.loads(asked)["appid"] == "wx1"
    assert url.endswith("/cgi-bin/message/template/send?access_token=tok%2F1")
    assert json.loads(sent) == {
        "touser": OPENID,
        "template_id": "T-over",
        "url": "https://pay.example.com/b/1",
        "client_msg_id": ATTEMPT.replace("-", ""),
        "data": {"amount2": {"value": "¥1,234.56"}, "thing1": {"value": "示例银行"}},
    }


def test_without_an_entry_the_words_go_in_under_their_own_names() -> None:
    http = Scripted([GRANTED, TAKEN])
    play(http, kind="pre_due")
    assert json.loads(http.asked[1][3])["data"]["lender"] == {"value": "示例银行"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "legal_notice"}, "no_template"),
        ({"kind": "overdue", "params": {"lender": "x"}}, "no_word_amount"),
        ({"kind": "pre_due", "params": {}}, "no_words"),
    ],
)
def test_what_our_settings_cannot_say_is_not_sent(
    changes: Mapping[str, object], reason: str
) -> None:
    http = Scripted([GRANTED])
    assert play(http, **changes) == Permanent(reason)
    assert http.asked == []


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_token_that_is_not_taken_is_asked_for_once_more(code: int) -> None:
    http = Scripted([GRANTED, refused(code), GRANTED, TAKEN])
    assert play(http) == Accepted("200228332")
    again = Scripted([GRANTED, refused(code), GRANTED, refused(code)])
    assert isinstance(play(again), Transient)
    assert len(again.asked) == 4


def test_without_a_token_surely_nothing_left() -> None:
    assert play(Scripted([NotConnected("connect: x")])) == Transient("connect: x")
    assert play(Scripted([refused(40125)])) == Transient("credentials refused (200)")


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (refused(40003), Permanent("invalid_openid", dead_contact=True)),
        (refused(43004), Permanent("not_following")),
        (refused(43101), Permanent("refused_by_customer")),
        (refused(45009), Transient("quota_used_up")),
        (refused(-1), Transient("busy")),
        (refused(47003), Permanent("bad_words")),
        (refused(48001), Transient("not_authorized")),
        (refused(99999), Permanent("wechat_99999")),
        (reply(200, {"errcode": 0, "msgid": -1}), Uncertain("accepted without an id")),
        (reply(200, {"errcode": True}), Uncertain("an unreadable answer")),
        (Reply(200, {}, b"<html>"), Uncertain("an unreadable answer")),
        (Reply(502, {}, b""), Uncertain("an unreadable answer")),
        (Reply(503, {}, b""), Transient("wechat_503")),
        (Reply(413, {}, b""), Permanent("wechat_413")),
        (Reply(429, {"retry-after": "7"}, b""), Transient("wechat_429", timedelta(seconds=7))),
        (
            Reply(200, {"retry-after": "7"}, b'{"errcode": 45011}'),
            Transient("rate_limited", timedelta(seconds=7)),
        ),
    ],
)
def test_what_an_answer_means(answer: Reply, wanted: Outcome) -> None:
    assert outcome_of(answer, datetime(2026, 3, 1, tzinfo=UTC)) == wanted


def event(**changes: str) -> bytes:
    """The published example, as its page has it."""
    fields = {
        "ToUserName": "gh_7f083739789a",
        "FromUserName": OPENID,
        "CreateTime": "1395658920",
        "MsgType": "event",
        "Event": "TEMPLATESENDJOBFINISH",
        "MsgID": "200163836",
        "Status": "success",
        **changes,
    }
    inner = "\n".join(f"<{name}><![CDATA[{text}]]></{name}>" for name, text in fields.items())
    return f"<xml>\n{inner}\n</xml>".encode()


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        ("success", ReceiptStatus.DELIVERED, ""),
        ("failed:user block", ReceiptStatus.UNDELIVERED, "blocked_by_customer"),
        ("failed: system failed", ReceiptStatus.UNDELIVERED, "system_failed"),
    ],
)
def test_events_name_wechats_own_id(word: str, status: ReceiptStatus, reason: str) -> None:
    at = datetime(2014, 3, 24, 11, 2, tzinfo=UTC)
    wanted = Receipt("", status, at, provider_ref="200163836", reason=reason)
    assert read(event(Status=word)).receipts == (wanted,)


def test_what_a_follower_writes_is_inbound_and_other_events_are_nothing() -> None:
    told = read(event(MsgType="text", Content="退订", MsgId="9"))
    at = datetime(2014, 3, 24, 11, 2, tzinfo=UTC)
    assert told.inbound == (Inbound(OPENID, "退订", at, ref="9"),)
    assert not told.receipts
    assert read(event(MsgType="image")).inbound[0].text == "[image]"
    nothing = read(event(Event="unsubscribe"))
    assert not nothing.receipts
    assert not nothing.inbound


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml>",
        b"<xml></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>event</MsgType></xml>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        '<?xml version="1.0"?><!DOCTYPE x><xml/>'.encode("utf-16"),
        b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
        b"<xml>" + b" " * 70_000 + b"</xml>",
        event(Status="?"),
        event(CreateTime="soon"),
        event(CreateTime="999999999999"),
        event(MsgID=""),
    ],
)
def test_unreadable_or_dangerous_xml_is_one_clear_error(body: bytes) -> None:
    with pytest.raises(ReceiptError):
        read(body)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: event(MsgID=text)))
def test_nothing_but_receipt_errors(body: bytes) -> None:
    try:
        told = read(body)
    except ReceiptError:
        return
    assert all(receipt.provider_ref for receipt in told.receipts)


def called(token: str, at: float, **changes: str) -> str:
    stamp = str(int(at))
    query = {"signature": sign(token, stamp, "n1"), "timestamp": stamp, "nonce": "n1", **changes}
    return f"https://bills.example.com/v1/receipts/wechat?{urlencode(query)}"


def test_only_a_fresh_signature_of_this_token_counts() -> None:
    now = time.time()
    assert verify("token", called("token", now), now)
    assert WechatChannel(SETTINGS).verify(Post(b"", {}, called("token", now)))
    for wrong in (
        called("other", now),
        called("token", now - 301),
        called("token", now + 301),
        called("token", now, nonce="n2"),
        called("token", now, timestamp="é"),
        called("token", now, signature="é"),
        "https://bills.example.com/v1/receipts/wechat",
        "",
    ):
        assert not verify("token", wrong, now)
    assert not verify("", called("", now), now)


def test_the_signature_is_the_published_algorithm() -> None:
    """`printf 1atoken | sha1sum`: the three, sorted and joined."""
    assert sign("token", "1", "a") == "b67d4699374bc5c5dac92707dc8ba078ba8aae48"


KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def test_a_sealed_event_is_opened_and_only_its_own_text_is_signed() -> None:
    seal, now = Seal(KEY, "wx1"), str(int(time.time()))
    channel = WechatChannel(replace(SETTINGS, encoding_aes_key=KEY))
    sealed, other = seal.close(event()), seal.close(event(Status="failed:user block"))
    query = urlencode(
        {"msg_signature": sign("token", now, "n", sealed), "timestamp": now, "nonce": "n"}
    )
    url = f"https://bills.example.com/v1/receipts/wechat?{query}"
    post = Post(event(Encrypt=sealed), {}, url)
    assert channel.verify(post)
    assert channel.hear(Post(post.body)).receipts == read(event()).receipts
    assert not channel.verify(replace(post, body=event(Encrypt=other)))
    # A plain post under the plain signature is no way around it.
    assert not channel.verify(Post(event(), {}, called("token", time.time())))
    with pytest.raises(ReceiptError):
        channel.hear(Post(event()))


@pytest.mark.parametrize("text", ["", "é", "AAAA", "A" * 64, Seal(KEY, "wx2").close(b"<xml/>")])
def test_what_is_sealed_for_another_account_or_broken_is_not_read(text: str) -> None:
    with pytest.raises(ReceiptError):
        Seal(KEY, "wx1").open(event(Encrypt=text))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_what_is_sealed_is_opened_again(xml: bytes) -> None:
    seal = Seal(KEY, "wx1")
    assert seal.open(event(Encrypt=seal.close(xml))) == xml


def test_a_wrong_key_is_refused_without_its_words() -> None:
    with pytest.raises(ChannelSettingsError, match="43 characters") as caught:
        WechatChannel(replace(SETTINGS, encoding_aes_key="short"))
    assert "short" not in str(caught.value)


def test_secrets_stay_out_of_reprs() -> None:
    assert "s3cret" not in repr(SETTINGS)
    assert "token" not in repr(replace(SETTINGS, name="x"))
