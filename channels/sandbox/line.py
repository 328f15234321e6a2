"""Simulated providers beside the first two: a line each, with its own protocol, door and carrier.

A module of `LINES` exports `open_line(name, office) -> Line`. `python -m channels.sandbox --line
ADAPTER=NAME` opens one; its account then stands in `sandbox.json`, ready for the providers' file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from channels.sandbox.agenda import Agenda
from channels.sandbox.carrier import Carrier
from channels.sandbox.http_server import Handler, HttpServer
from channels.sandbox.journal import Journal
from channels.sandbox.postman import Postman, Write
from channels.sandbox.scripts import Draws

LINES: Mapping[str, str] = {
    "push": "channels.sandbox.push_line",
    "wechat": "channels.sandbox.wechat_line",
    "whatsapp-cloud": "channels.sandbox.whatsapp_line",
    "smpp": "channels.sandbox.smpp_line",
    "smtp": "channels.sandbox.smtp_line",
    "sms-gateway": "channels.sandbox.gateway_line",
    "twilio-sms": "channels.sandbox.twilio_line",
    "aliyun-sms": "channels.sandbox.aliyun_line",
    "tencent-sms": "channels.sandbox.tencent_line",
    "twilio-voice": "channels.sandbox.voice_line",
    "webhook": "channels.sandbox.webhook_line",
    "apprise": "channels.sandbox.apprise_line",
}


class LineError(ValueError):
    """A line that does not exist; the message says which do."""


@dataclass(frozen=True, slots=True)
class Office:
    """What every line shares. Receipts go to `{receipts_url}/{provider's name}`."""

    agenda: Agenda
    draws: Draws
    data: Path
    receipts_url: str
    receipt_batch: int = 100
    ports: Mapping[str, int] = field(default_factory=dict)  # by provider's name; others: any

    def door(self, name: str) -> str:
        """Where the receipts of this provider go."""
        return f"{self.receipts_url.rstrip('/')}/{name}"

    def carrier(
        self,
        name: str,
        write: Write,
        *,
        kind: type[Carrier] = Carrier,
        batch: int | None = None,
    ) -> Carrier:
        """A carrier with a journal `{name}.jsonl` of its own, whose receipts `write` puts down."""
        size = self.receipt_batch if batch is None else batch
        postman = Postman(self.door(name), write, size)
        return kind(self.agenda, self.draws, Journal(self.data / f"{name}.jsonl"), postman)


class Line(Protocol):
    """One simulated provider."""

    carrier: Carrier

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""

    async def close(self) -> None:
        """Stop listening. The sandbox itself closes the carrier."""

    def account(self) -> Mapping[str, object]:
        """The entry of the providers' file that reaches this line, secrets included."""


class HttpLine:
    """A line whose door is HTTP/1.1; subclasses give `account`."""

    def __init__(self, carrier: Carrier, handler: Handler, port: int = 0) -> None:
        self.carrier = carrier
        self._wanted = port
        self._server = HttpServer(handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def start(self) -> None:
        await self._server.start(self._wanted)

    async def close(self) -> None:
        await self._server.close()


class _Module(Protocol):
    def open_line(self, name: str, office: Office) -> Line: ...


def open_line(adapter: str, name: str, office: Office) -> Line:
    """The line that simulates `adapter` under the provider's name `name`."""
    module = LINES.get(adapter)
    if module is None:
        raise LineError(f"no line simulates {adapter!r}; there are {', '.join(LINES)}")
    return cast(_Module, import_module(module)).open_line(name, office)
