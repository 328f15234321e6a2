"""Providers that try our address by GET: what they sent comes back, to them alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import cast
from urllib.parse import quote, urlencode

import pytest

from channels.contract import Channel
from channels.sms.gateway.provider import SmsChannel
from channels.sms.gateway.settings import SmsSettings
from channels.wechat.provider import WechatChannel
from channels.wechat.settings import WechatSettings
from channels.wechat.signature import sign
from channels.whatsapp.provider import WhatsappChannel
from channels.whatsapp.settings import WhatsappSettings
from reminders.console.appender import Appender
from reminders.console.doors import Doors
from reminders.console.receipts import PATH, ReceiptsDoor
from tests.unit.console.asgi_client import Answer, call, run

WORD = "our-token"
ECHO = "5838479218127813673"
META = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": WORD}


def _wechat(aes_key: str = "") -> WechatChannel:
    return WechatChannel(WechatSettings("wx1", "s", WORD, {}, encoding_aes_key=aes_key))


def _whatsapp(name: str, token: str) -> WhatsappChannel:
    return WhatsappChannel(
        WhatsappSettings("1", "t", "app-secret", {}, name=name, verify_token=token)
    )


@pytest.fixture
def doors() -> Iterator[Doors]:
    gateway = SmsChannel(SmsSettings("http://127.0.0.1:1", "t", "s", name="sms-gateway"))
    sealed = _wechat("a" * 43)
    sealed.name = "wechat-sealed"
    channels: tuple[Channel, ...] = (
        *(_wechat(), sealed, _whatsapp("whatsapp", WORD), _whatsapp("unset", "")),
        gateway,
    )
    # No appender: nothing of a GET reaches the stream.
    door = ReceiptsDoor(cast(Appender, None), {each.name: each for each in channels}, 1024)

    async def close() -> None:
        for each in channels:
            await each.close()

    yield Doors({}, {PATH: door}, close)
    asyncio.run(close())


def get(doors: Doors, name: str, query: str) -> Answer:
    return run(call(doors, "GET", f"{PATH}{name}", b"", {}, query.encode()))


def signed(token: str = WORD, age_s: int = 0, echo: str = ECHO) -> str:
    timestamp, nonce = str(int(time.time()) - age_s), "n-1"
    fields = {"signature": sign(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    return urlencode(fields | ({"echostr": echo} if echo else {}))


@pytest.mark.parametrize("name", ["wechat", "wechat-sealed"])
def test_wechat_gets_its_echostr_in_either_mode(doors: Doors, name: str) -> None:
    answer = get(doors, name, signed())
    assert (answer.status, answer.body) == (200, ECHO.encode())
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    "query", [signed("another"), signed(age_s=600), signed(echo=""), f"echostr={ECHO}", "", "%ff"]
)
def test_nobody_else_does(doors: Doors, query: str) -> None:
    assert get(doors, "wechat", query).status == 401


def test_meta_gets_its_challenge(doors: Doors) -> None:
    answer = get(doors, "whatsapp", urlencode(META))
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.verify_token": "another"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "é\udcff"},
        {"hub.mode": "unsubscribe"},
        {"hub.challenge": ""},
    ],
)
def test_nobody_without_the_token_does(doors: Doors, changed: dict[str, str]) -> None:
    query = "&".join(f"{k}={quote(v, errors='replace')}" for k, v in (META | changed).items())
    assert get(doors, "whatsapp", query).status == 401


def test_an_account_without_a_token_echoes_nothing(doors: Doors) -> None:
    assert get(doors, "unset", urlencode(META | {"hub.verify_token": ""})).status == 401


def test_who_never_asks_by_get_is_told_to_post(doors: Doors) -> None:
    assert get(doors, "sms-gateway", signed()).status == 405
