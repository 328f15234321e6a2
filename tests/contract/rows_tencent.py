"""The contract suite's row of Tencent Cloud."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from channels.called import with_key
from channels.contract import Channel, Post
from channels.sms.mainland import BEIJING
from channels.sms.tencent import TencentChannel, TencentSettings
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "tencent"
KEY = "key-of-the-address"


class _Used:
    key = ""


def _settings(world: World) -> TencentSettings:
    account = cast(TencentSettings, world.accounts[NAME])
    return replace(account, timeout=world.timeout)


def _make(world: World) -> Channel:
    account = _settings(world)
    _Used.key = account.receipts_secret
    return TencentChannel(account)


def _unreachable(world: World) -> Channel:
    return TencentChannel(replace(_settings(world), base_url=f"http://127.0.0.1:{closed_port()}"))


def _local(text: object) -> object:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return text
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _entry(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    reference = entry["reference"]
    return {
        "user_receive_time": _local(entry["at"]),
        "nationcode": "86",
        "mobile": "10012345678",
        "report_status": entry["status"],
        "errmsg": "DELIVRD",
        "sid": reference if isinstance(reference, str) else None,
    }


def _post(entries: Sequence[object]) -> Post:
    return Post(json.dumps([_entry(entry) for entry in entries]).encode())


def _signed(secret: str, body: bytes, at: int) -> Post:
    key = _Used.key if secret == KEY else secret
    return Post(body, url=with_key("https://bills.example.com/v1/receipts/tencent", key))


ROW = Row(
    name=NAME,
    make=_make,
    make_unreachable=_unreachable,
    good="+8610012345678",
    refused="+8610212345678",
    busy="+8610312345678",
    hangs="+8610512345678",
    status_word="SUCCESS",
    signed_with=KEY,
    lines=(("tencent-sms", NAME),),
    post_of=_post,
    signed=_signed,
    signs=False,
    offline=lambda: TencentChannel(
        TencentSettings("示例银行", {"*": "1"}, "key", "id", "key", "1400000000")
    ),
    receipted=(
        ("+8610012345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610512345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610612345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610812345678", {ReceiptStatus.UNDELIVERED}, False),
    ),
)
