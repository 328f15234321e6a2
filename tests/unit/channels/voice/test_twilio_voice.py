"""Calls by Twilio: what is said, what callbacks mean, and never two calls at once to one number."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import Message, Post
from channels.errors import ChannelSettingsError, ReceiptError
from channels.receipts import UNDATED
from channels.sandbox.voice_line import spoken
from channels.sms.twilio.signature import HEADER, form, sign
from channels.transport import Reply
from channels.voice.twilio import TwilioVoiceChannel, TwilioVoiceSettings
from channels.voice.twilio.answers import outcome_of
from channels.voice.twilio.twiml import call_document, words_for
from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Receipt,
    ReceiptStatus,
    Transient,
)

ATTEMPT = "20260300-0000-4000-8000-000000000001"
DOOR = "https://bills.example.com/v1/receipts/voice"
SETTINGS = TwilioVoiceSettings("AC0", "token", "+12025550101", DOOR)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TAKEN = b'{"sid":"CA00000000000000000000"}'
MESSAGE = Message(ATTEMPT, "+8610012345678", "您的账单 < 1234 元", "zh-CN")


class Wire:
    """Keeps what was sent; answers as told."""

    def __init__(
        self, status: int = 201, body: bytes = b'{"sid":"CA00000000000000000000"}'
    ) -> None:
        self.sent: list[dict[str, list[str]]] = []
        self._reply = Reply(status, {}, body)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        self.sent.append(parse_qs((body or b"").decode()))
        await asyncio.sleep(0)
        return self._reply

    async def close(self) -> None:
        return None


def heard(
    fields: Mapping[str, str], query: str = "", settings: TwilioVoiceSettings = SETTINGS
) -> Receipt:
    url = f"/v1/receipts/voice?attempt={ATTEMPT}{query}"
    told = TwilioVoiceChannel(settings, Wire()).hear(Post(urlencode(fields).encode(), url=url))
    (receipt,) = told.receipts
    assert receipt.attempt_id == ATTEMPT
    return receipt


def test_a_call_says_the_text_twice_and_waits_for_a_key_each_time() -> None:
    wire = Wire()
    outcome = asyncio.run(TwilioVoiceChannel(SETTINGS, wire).send(MESSAGE))
    assert outcome == Accepted("CA00000000000000000000")
    (sent,) = wire.sent
    told = f"{DOOR}?attempt={ATTEMPT}"
    assert spoken(sent["Twiml"][0], f"{told}&gather=1") == MESSAGE.text
    assert 'language="zh-CN"' in sent["Twiml"][0]
    assert sent["StatusCallback"] == [told]
    assert sent["MachineDetection"] == ["DetectMessageEnd"]
    assert (sent["To"], sent["From"]) == (["+8610012345678"], ["+12025550101"])


@given(st.text(max_size=300))
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    words = words_for("en", "en")
    said = spoken(call_document(text, words, "https://x.example.com/?a=1&b=2"), _KEYS)
    assert said is not None
    assert len(said) == len(text.replace("\r\n", "\n"))


_KEYS = "https://x.example.com/?a=1&b=2"


@pytest.mark.parametrize(
    ("language", "say"),
    [("zh-TW", "zh-TW"), ("zh-SG", "zh-CN"), ("en-AU", "en-US"), ("fr", "zh-CN")],
)
def test_a_language_without_words_has_its_nearest(language: str, say: str) -> None:
    assert words_for(language, "zh").say == say


@pytest.mark.parametrize(
    ("fields", "status", "reason", "dead"),
    [
        ({"CallStatus": "completed", "AnsweredBy": "human"}, "delivered", "", False),
        (
            {"CallStatus": "completed", "AnsweredBy": "machine_end_beep"},
            "undelivered",
            "voicemail",
            False,
        ),
        ({"CallStatus": "completed", "AnsweredBy": "fax"}, "undelivered", "fax", False),
        ({"CallStatus": "completed", "AnsweredBy": "unknown"}, "accepted", "", False),
        ({"CallStatus": "completed"}, "accepted", "", False),
        (
            {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "5"},
            "delivered",
            "",
            False,
        ),
        (
            {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "4"},
            "accepted",
            "hung_up",
            False,
        ),
        (
            {"CallStatus": "completed", "AnsweredBy": "machine_start", "CallDuration": "1"},
            "undelivered",
            "voicemail",
            False,
        ),
        (
            {"CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "?"},
            "delivered",
            "",
            False,
        ),
        ({"CallStatus": "busy"}, "undelivered", "busy", False),
        ({"CallStatus": "no-answer"}, "undelivered", "no_answer", False),
        ({"CallStatus": "canceled"}, "undelivered", "canceled", False),
        ({"CallStatus": "failed", "SipResponseCode": "503"}, "undelivered", "failed", False),
        (
            {"CallStatus": "failed", "SipResponseCode": "404"},
            "undelivered",
            "unknown_subscriber",
            True,
        ),
        ({"CallStatus": "ringing"}, "accepted", "", False),
    ],
)
def test_how_a_call_ended(fields: Mapping[str, str], status: str, reason: str, dead: bool) -> None:
    receipt = heard({**fields, "Timestamp": "Mon, 02 Mar 2026 08:00:00 +0000"})
    assert receipt.status == status
    assert (receipt.reason, receipt.dead_contact, receipt.at) == (reason, dead, NOW)


def test_a_text_on_voicemail_counts_only_where_the_lender_says_so() -> None:
    left = {"CallStatus": "completed", "AnsweredBy": "machine_end_silence"}
    counted = replace(SETTINGS, voicemail_delivers=True)
    assert heard(left).status is ReceiptStatus.UNDELIVERED
    assert heard(left, settings=counted).status is ReceiptStatus.DELIVERED


def test_who_hangs_up_at_once_has_heard_nothing() -> None:
    """Nor without detection, unless the lender counts every answered call."""
    at_once = {"CallStatus": "completed", "CallDuration": "0"}
    asking_nobody = replace(SETTINGS, machine_detection="")
    assert heard(at_once, settings=asking_nobody).status is ReceiptStatus.ACCEPTED
    every = replace(asking_nobody, heard_after=timedelta(0))
    assert heard(at_once, settings=every).status is ReceiptStatus.DELIVERED


def test_a_pressed_key_is_the_customers_own_act() -> None:
    pressed = heard({"CallStatus": "in-progress", "Digits": "1"}, "&gather=1")
    assert (pressed.status, pressed.at) == (ReceiptStatus.ACTED, UNDATED)
    channel = TwilioVoiceChannel(SETTINGS, Wire())
    url = f"/v1/receipts/voice?attempt={ATTEMPT}&gather=1"
    assert channel.hear(Post(b"CallStatus=in-progress", url=url)).receipts == ()
    answer = channel.answer()
    assert answer.content_type == "text/xml"
    assert b"<Hangup/>" in answer.body


@pytest.mark.parametrize("body", [b"", b"CallStatus=odd", b"CallStatus=busy&Timestamp=soon"])
def test_what_is_no_callback_is_refused(body: bytes) -> None:
    channel = TwilioVoiceChannel(SETTINGS, Wire())
    with pytest.raises(ReceiptError):
        channel.hear(Post(body, url=f"/v1/receipts/voice?attempt={ATTEMPT}"))
    with pytest.raises(ReceiptError):
        channel.hear(Post(b"CallStatus=busy", url="/v1/receipts/voice"))


def test_the_signature_covers_our_public_address_and_its_query() -> None:
    channel = TwilioVoiceChannel(SETTINGS, Wire())
    body = b"CallStatus=busy"
    right = sign("token", f"{DOOR}?attempt={ATTEMPT}", form(body))
    behind = f"http://10.0.0.7:8080/v1/receipts/voice?attempt={ATTEMPT}"
    assert channel.verify(Post(body, {HEADER: right}, behind))
    assert not channel.verify(Post(body, {HEADER: right}, behind + "&gather=1"))
    assert not channel.verify(Post(body + b"&x=1", {HEADER: right}, behind))


def test_never_two_calls_at_once_to_one_number() -> None:
    async def run() -> tuple[list[Outcome], int]:
        wire = Wire()
        channel = TwilioVoiceChannel(replace(SETTINGS, call_gap=timedelta(minutes=3)), wire)
        other = replace(MESSAGE, address="+8610012345679")
        at_once = await asyncio.gather(*(channel.send(each) for each in (MESSAGE, MESSAGE, other)))
        return [*at_once, await channel.send(MESSAGE)], len(wire.sent)

    outcomes, calls = asyncio.run(run())
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [Accepted, Transient, Accepted, Transient]
    assert calls == 2
    last = outcomes[-1]
    assert isinstance(last, Transient)
    assert last.retry_after is not None
    assert timedelta(minutes=2) < last.retry_after <= timedelta(minutes=3)


def test_what_was_surely_not_taken_holds_no_number() -> None:
    async def run() -> list[Outcome]:
        channel = TwilioVoiceChannel(SETTINGS, Wire(503, b'{"code":20503}'))
        return [await channel.send(MESSAGE), await channel.send(MESSAGE)]

    first, second = asyncio.run(run())
    assert isinstance(first, Transient)
    assert first == second


def test_a_text_that_does_not_fit_is_not_called() -> None:
    wire = Wire()
    long = replace(MESSAGE, text="账" * 2_000)
    assert asyncio.run(TwilioVoiceChannel(SETTINGS, wire).send(long)) == Permanent("too_long")
    assert wire.sent == []


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, 21211, Permanent("invalid_number", dead_contact=True)),
        (400, 13224, Permanent("invalid_number", dead_contact=True)),
        (400, 21216, Permanent("barred_number")),
        (400, 21215, Transient("region_closed")),
        (400, 12100, Permanent("bad_request")),
        (429, 20429, Transient("rate_limited")),
    ],
)
def test_refusals(status: int, code: int, outcome: Outcome) -> None:
    assert outcome_of(Reply(status, {}, b'{"code":%d}' % code), NOW) == outcome


@pytest.mark.parametrize("wrong", [{"caller": "nobody"}, {"receipts_url": "bills.example.com"}])
def test_settings_that_cannot_work_do_not_open(wrong: dict[str, str]) -> None:
    with pytest.raises(ChannelSettingsError):
        TwilioVoiceChannel(replace(SETTINGS, **wrong))  # type: ignore[arg-type]  # by name
