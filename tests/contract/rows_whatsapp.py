"""The contract suite's row of WhatsApp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from channels.contract import Channel, Post
from channels.sandbox.whatsapp_line import webhook
from channels.whatsapp import WhatsappChannel, WhatsappSettings
from channels.whatsapp.payload import one_line
from channels.whatsapp.signature import HEADER, sign
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "whatsapp"
_RIGHT = "the app's secret"
_used: dict[str, WhatsappSettings] = {}  # the account that the running test's channel was made of


def _settings(world: World) -> WhatsappSettings:
    _used[_RIGHT] = replace(cast(WhatsappSettings, world.accounts[NAME]), timeout=world.timeout)
    return _used[_RIGHT]


def _unreachable(world: World) -> Channel:
    return WhatsappChannel(replace(_settings(world), base_url=f"http://127.0.0.1:{closed_port()}"))


def _status(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    try:
        at = str(int(datetime.fromisoformat(entry["at"]).timestamp()))
    except ValueError:
        at = entry["at"]
    return {
        "id": "wamid.1",
        "status": entry["status"],
        "timestamp": at,
        "biz_opaque_callback_data": entry["reference"],
    }


def _post(entries: Sequence[object]) -> Post:
    return Post(webhook([_status(entry) for entry in entries]))


def _signed(secret: str, body: bytes, at: int) -> Post:
    right = _used[_RIGHT].receipts_secret if secret == _RIGHT else secret
    return Post(body, {HEADER: sign(right, body)})


ROW = Row(
    name=NAME,
    make=lambda world: WhatsappChannel(_settings(world)),
    make_unreachable=_unreachable,
    good="+8610012345678",
    refused="+8610212345678",
    busy="+8610312345678",
    retry_after=timedelta(seconds=30),
    hangs="+8610512345678",
    status_word="delivered",
    signed_with=_RIGHT,
    lines=(("whatsapp-cloud", NAME),),
    on_wire=one_line,
    post_of=_post,
    signed=_signed,
    dated=False,
    offline=lambda: WhatsappChannel(WhatsappSettings("1", "t", "s", {"*": "t"})),
    receipted=(
        ("+8610012345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610512345678", {ReceiptStatus.DELIVERED}, False),
        ("+8610612345678", {ReceiptStatus.DELIVERED, ReceiptStatus.ACCEPTED}, False),
        ("+8610812345678", {ReceiptStatus.UNDELIVERED}, False),
    ),
)
