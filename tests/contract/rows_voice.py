"""The contract suite's row of calls through Twilio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import cast
from urllib.parse import quote, urlencode

from channels.contract import Channel, Post
from channels.sms.twilio.signature import HEADER, form, sign
from channels.voice.twilio import TwilioVoiceChannel, TwilioVoiceSettings
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "voice"
_RIGHT = "the account's token"
_used: dict[str, TwilioVoiceSettings] = {}  # the account of the running test's channel


def _settings(world: World) -> TwilioVoiceSettings:
    account = cast(TwilioVoiceSettings, world.accounts[NAME])
    _used[_RIGHT] = replace(account, timeout=world.timeout)
    return _used[_RIGHT]


def _unreachable(world: World) -> Channel:
    base_url = f"http://127.0.0.1:{closed_port()}"
    return TwilioVoiceChannel(replace(_settings(world), base_url=base_url))


def _post(entries: Sequence[object]) -> Post:
    entry = entries[0]
    if not isinstance(entry, dict):
        return Post(b"nothing", url="/v1/receipts/voice?attempt=")
    try:
        at = format_datetime(datetime.fromisoformat(str(entry["at"])))
    except ValueError:
        at = "soon"
    fields = {"CallStatus": entry["status"], "AnsweredBy": "human", "Timestamp": at}
    url = f"/v1/receipts/voice?attempt={quote(str(entry['reference']))}"
    return Post(urlencode(fields).encode(), url=url)


def _signed(secret: str, body: bytes, at: int) -> Post:
    account = _used[_RIGHT]
    url = f"{account.receipts_url}?attempt=x"
    token = account.auth_token if secret == _RIGHT else secret
    return Post(body, {HEADER: sign(token, url, form(body))}, url)


ROW = Row(
    name=NAME,
    make=lambda world: TwilioVoiceChannel(_settings(world)),
    make_unreachable=_unreachable,
    good="+8610012345678",
    refused="+8610212345678",
    busy="+8610312345678",
    retry_after=timedelta(seconds=30),
    hangs="+8610512345678",
    status_word="completed",
    signed_with=_RIGHT,
    lines=(("twilio-voice", NAME),),
    post_of=_post,
    arrays=False,
    signed=_signed,
    dated=False,
    offline=lambda: TwilioVoiceChannel(
        TwilioVoiceSettings("AC0", "t", "+12025550101", "https://bills.example.com/v1/receipts/v")
    ),
    receipted=(
        ("+8610012345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610612345678", {ReceiptStatus.DELIVERED, ReceiptStatus.ACCEPTED}, False),
        ("+8612012345678", {ReceiptStatus.UNDELIVERED}, False),
        ("+8612112345678", {ReceiptStatus.UNDELIVERED}, False),
        ("+8612212345678", {ReceiptStatus.UNDELIVERED}, False),
        ("+8612312345678", {ReceiptStatus.DELIVERED, ReceiptStatus.ACTED}, False),
        ("+8612412345678", {ReceiptStatus.UNDELIVERED}, True),
        ("+8612512345678", {ReceiptStatus.ACCEPTED}, False),
        ("+8612612345678", {ReceiptStatus.ACCEPTED}, False),
    ),
)
