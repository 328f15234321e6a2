"""The contract suite's row of Aliyun."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from channels.called import with_key
from channels.contract import Channel, Post
from channels.sms.aliyun import AliyunChannel, AliyunSettings
from channels.sms.mainland import BEIJING
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "aliyun"
KEY = "key-of-the-address"


def _settings(world: World) -> AliyunSettings:
    account = cast(AliyunSettings, world.accounts[NAME])
    return replace(account, timeout=world.timeout)


def _unreachable(world: World) -> Channel:
    return AliyunChannel(replace(_settings(world), base_url=f"http://127.0.0.1:{closed_port()}"))


def _local(text: object) -> object:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return text
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def _entry(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    found = {
        "phone_number": "10012345678",
        "report_time": _local(entry["at"]),
        "success": {"DELIVERED": True}.get(entry["status"]),
        "err_code": entry["status"],
    }
    if isinstance(entry["reference"], str):
        found |= {"out_id": entry["reference"], "biz_id": "123^0"}
    return found


def _post(entries: Sequence[object]) -> Post:
    return Post(json.dumps([_entry(entry) for entry in entries]).encode())


class _Used:
    key = ""


def _make(world: World) -> Channel:
    account = _settings(world)
    _Used.key = account.receipts_secret
    return AliyunChannel(account)


def _signed(secret: str, body: bytes, at: int) -> Post:
    key = _Used.key if secret == KEY else secret
    return Post(body, url=with_key("https://bills.example.com/v1/receipts/aliyun", key))


ROW = Row(
    name=NAME,
    make=_make,
    make_unreachable=_unreachable,
    good="+8610012345678",
    refused="+8610212345678",
    busy="+8610312345678",
    hangs="+8610512345678",
    status_word="DELIVERED",
    signed_with=KEY,
    lines=(("aliyun-sms", NAME),),
    post_of=_post,
    signed=_signed,
    signs=False,
    offline=lambda: AliyunChannel(
        AliyunSettings("示例银行", {"*": "SMS_1"}, "key", "id", "secret")
    ),
    receipted=(
        ("+8610012345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610512345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610612345678", {ReceiptStatus.DELIVERED, ReceiptStatus.ACCEPTED}, False),
        ("+8610812345678", {ReceiptStatus.UNDELIVERED}, False),
    ),
)
