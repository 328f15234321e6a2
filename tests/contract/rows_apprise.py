"""The contract suite's row of Apprise, by its `json://` service to the sandbox."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from channels.apprise import AppriseChannel, AppriseSettings
from channels.apprise.notifying import load
from channels.contract import Channel, Message, Post
from channels.sandbox.apprise_line import AppriseLine
from reminders.domain.outcome import Outcome
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "apprise"
_HOST = "json://hooks.example.com"


class Towards(AppriseChannel):
    """Messages to `_HOST` go where the sandbox listens."""

    def __init__(self, settings: AppriseSettings, port: int) -> None:
        super().__init__(settings)
        self._there = f"json://127.0.0.1:{port}"

    async def send(self, message: Message) -> Outcome:
        return await super().send(
            replace(message, address=message.address.replace(_HOST, self._there, 1))
        )


def _ready() -> None:
    """The library asks whether Python still has a module by importing it, deprecated or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        load()


def _settings(world: World) -> AppriseSettings:
    _ready()
    return replace(cast(AppriseSettings, world.accounts[NAME]), timeout=2 * world.timeout)


def _make(world: World) -> Channel:
    (line,) = (each for each in world.sandbox.lines if isinstance(each, AppriseLine))
    return Towards(_settings(world), int(line.url.rpartition(":")[2]))


def _unreachable(world: World) -> Channel:
    return Towards(_settings(world), closed_port())


def _post(entries: Sequence[object]) -> Post:
    return Post(b"nothing")


ROW = Row(
    name=NAME,
    make=_make,
    make_unreachable=_unreachable,
    good=f"{_HOST}/s00-1",
    refused="tgram://hooks.example.com",
    busy=f"{_HOST}/s03-1",
    hangs=f"{_HOST}/s05-1",
    lines=(("apprise", NAME),),
    post_of=_post,
    posted=False,
    tells_why=False,
    offline=lambda: AppriseChannel(AppriseSettings()),
)
