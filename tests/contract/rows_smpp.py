"""The contract suite's row of SMPP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from channels.contract import Channel, Post
from channels.sms.smpp import SmppChannel, SmppSettings
from channels.sms.smpp.heard import post_of
from channels.sms.smpp.pdu import Command, Pdu, encode
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "smpp"


def _settings(world: World) -> SmppSettings:
    return replace(cast(SmppSettings, world.accounts[NAME]), timeout=world.timeout)


def _unreachable(world: World) -> Channel:
    return SmppChannel(replace(_settings(world), port=closed_port()))


def _post(entries: Sequence[object]) -> Post:
    entry = entries[0]
    if not isinstance(entry, dict) or not isinstance(entry["reference"], str):
        return Post(b"nothing")
    try:
        done = datetime.fromisoformat(entry["at"]).astimezone(UTC)
    except ValueError:
        return Post(b'{"heard_at": "soon", "pdu": ""}')
    text = f"id:{entry['reference']} done date:{done:%y%m%d%H%M%S} stat:{entry['status']} err:000"
    pdu = Pdu(Command.DELIVER_SM, numbers={"esm_class": 4}, octets=text.encode())
    return post_of(encode(pdu), done)


ROW = Row(
    name=NAME,
    make=lambda world: SmppChannel(_settings(world)),
    make_unreachable=_unreachable,
    good="+8610012345678",
    refused="+8610212345678",
    busy="+8610312345678",
    hangs="+8610512345678",
    status_word="DELIVRD",
    lines=(("smpp", NAME),),
    post_of=_post,
    arrays=False,
    posted=False,
    offline=lambda: SmppChannel(SmppSettings("127.0.0.1", 1, "id", "10690000")),
)
