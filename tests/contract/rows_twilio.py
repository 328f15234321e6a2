"""The contract suite's row of Twilio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast
from urllib.parse import quote, urlencode

from channels.contract import Channel, Post
from channels.sms.twilio import TwilioChannel, TwilioSettings
from channels.sms.twilio.signature import HEADER, form, sign
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "twilio"
_RIGHT = "the account's token"
_used: dict[str, TwilioSettings] = {}  # the account that the running test's channel was made of


def _settings(world: World) -> TwilioSettings:
    account = cast(TwilioSettings, world.accounts[NAME])
    _used[_RIGHT] = replace(account, timeout=world.timeout)
    return _used[_RIGHT]


def _unreachable(world: World) -> Channel:
    return TwilioChannel(replace(_settings(world), base_url=f"http://127.0.0.1:{closed_port()}"))


def _post(entries: Sequence[object]) -> Post:
    entry = entries[0]
    if not isinstance(entry, dict):
        return Post(b"nothing", url="/v1/receipts/twilio")
    body = urlencode({"MessageStatus": entry["status"], "MessageSid": "SM" + "0" * 32})
    return Post(body.encode(), url=f"/v1/receipts/twilio?attempt={quote(str(entry['reference']))}")


def _signed(secret: str, body: bytes, at: int) -> Post:
    account = _used[_RIGHT]
    url = f"{account.receipts_url}?attempt=x"
    token = account.auth_token if secret == _RIGHT else secret
    return Post(body, {HEADER: sign(token, url, form(body))}, url)


ROW = Row(
    name=NAME,
    make=lambda world: TwilioChannel(_settings(world)),
    make_unreachable=_unreachable,
    good="+8610012345678",
    refused="+8610212345678",
    busy="+8610312345678",
    retry_after=timedelta(seconds=30),
    hangs="+8610512345678",
    status_word="delivered",
    signed_with=_RIGHT,
    lines=(("twilio-sms", NAME),),
    post_of=_post,
    arrays=False,
    signed=_signed,
    dated=False,
    says_when=False,
    offline=lambda: TwilioChannel(
        TwilioSettings("AC0", "t", "https://bills.example.com/v1/receipts/twilio", sender="+1")
    ),
    receipted=(
        ("+8610012345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610512345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610612345678", {ReceiptStatus.DELIVERED, ReceiptStatus.ACCEPTED}, False),
        ("+8610812345678", {ReceiptStatus.UNDELIVERED}, False),
    ),
)
