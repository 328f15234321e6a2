"""The contract suite's row of webhooks: receivers below one name, which is the sandbox's line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

from channels.contract import Channel
from channels.sandbox.webhook_line import WebhookLine
from channels.transport import AiohttpTransport, Reply
from channels.webhook import WebhookChannel, WebhookSettings
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row

NAME = "webhook"
HOST = "hooks.example.com"
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"  # noqa: S105  (made up)


class Towards:
    """Posts to `HOST` go where the sandbox listens."""

    def __init__(self, base: str, timeout: timedelta) -> None:
        self._base = base
        self._http = AiohttpTransport(10, timeout)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        there = url.replace(f"http://{HOST}", self._base, 1)
        return await self._http.request(method, there, {**headers, "Host": HOST}, body, start_by)

    async def close(self) -> None:
        await self._http.close()


def _settings(world: World) -> WebhookSettings:
    return replace(cast(WebhookSettings, world.accounts[NAME]), timeout=world.timeout)


def _make(world: World) -> Channel:
    (line,) = (each for each in world.sandbox.lines if isinstance(each, WebhookLine))
    return WebhookChannel(_settings(world), Towards(line.url, world.timeout))


def _unreachable(world: World) -> Channel:
    nowhere = f"http://127.0.0.1:{closed_port()}"
    return WebhookChannel(_settings(world), Towards(nowhere, world.timeout))


ROW = Row(
    name=NAME,
    make=_make,
    make_unreachable=_unreachable,
    good=f"http://{HOST}/hook/s00-1",
    refused=f"http://{HOST}/hook/s02-1",
    busy=f"http://{HOST}/hook/s03-1",
    retry_after=timedelta(seconds=30),
    hangs=f"http://{HOST}/hook/s05-1",
    lines=(("webhook", NAME),),
    posted=False,
    offline=lambda: WebhookChannel(WebhookSettings(SECRET)),
    secrets=(SECRET,),
)
