"""The contract suite's row of WeChat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from channels.contract import Channel, Post
from channels.sandbox.wechat_line import event_xml
from channels.wechat import WechatChannel, WechatSettings
from channels.wechat.sealing import Seal, sealed_text
from channels.wechat.signature import sign
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "wechat"
_RIGHT = "the account's token"
_used: dict[str, WechatSettings] = {}  # the account that the running test's channel was made of


def _settings(world: World) -> WechatSettings:
    _used[_RIGHT] = replace(cast(WechatSettings, world.accounts[NAME]), timeout=world.timeout)
    return _used[_RIGHT]


def _unreachable(world: World) -> Channel:
    return WechatChannel(replace(_settings(world), base_url=f"http://127.0.0.1:{closed_port()}"))


def _post(entries: Sequence[object]) -> Post:
    entry = entries[0]
    if not isinstance(entry, dict) or not isinstance(entry["reference"], str):
        return Post(b"nothing")
    try:
        at = str(int(datetime.fromisoformat(entry["at"]).timestamp()))
    except ValueError:
        at = entry["at"]
    event = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "CreateTime": at}
    return Post(
        _sealed(event_xml({**event, "MsgID": entry["reference"], "Status": entry["status"]}))
    )


def _sealed(xml: bytes) -> bytes:
    used = _used[_RIGHT]
    return event_xml({"Encrypt": Seal(used.encoding_aes_key, used.app_id).close(xml)})


def _signed(secret: str, body: bytes, at: int) -> Post:
    token = _used[_RIGHT].receipts_secret if secret == _RIGHT else secret
    sealed = _sealed(body)
    signature = sign(token, str(at), "n", sealed_text(sealed))
    query = urlencode({"msg_signature": signature, "timestamp": str(at), "nonce": "n"})
    return Post(sealed, {}, f"https://bills.example.com/v1/receipts/wechat?{query}")


ROW = Row(
    name=NAME,
    make=lambda world: WechatChannel(_settings(world)),
    make_unreachable=_unreachable,
    good="s00-openid",
    refused="s02-openid",
    busy="s03-openid",
    hangs="s05-openid",
    status_word="success",
    signed_with=_RIGHT,
    lines=(("wechat", NAME),),
    post_of=_post,
    arrays=False,
    signed=_signed,
    offline=lambda: WechatChannel(WechatSettings("id", "s", "t", {"*": "t"})),
    receipted=(
        ("s00-openid", {ReceiptStatus.DELIVERED}, False),
        ("s05-openid", {ReceiptStatus.DELIVERED}, False),
        ("s08-openid", {ReceiptStatus.UNDELIVERED}, False),
    ),
)
