"""A receiver that knows nothing of Python: the JavaScript library of Standard Webhooks."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from channels.contract import Message
from channels.transport import Reply
from channels.webhook import WebhookChannel, WebhookSettings

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules" / "standardwebhooks").exists(),
    reason="needs Node.js, and `npm ci` in tests/integration/foreign",
)
NEW, OLD, OTHER = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2, 3))


class Wire:
    """Keeps what is posted."""

    def __init__(self) -> None:
        self.posts: list[tuple[Mapping[str, str], bytes]] = []

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        self.posts.append((headers, body or b""))
        return Reply(200, {}, b"")

    async def close(self) -> None:
        return None


def test_the_javascript_library_takes_what_we_sign_while_keys_change() -> None:
    wire = Wire()
    channel = WebhookChannel(WebhookSettings((NEW, OLD)), wire)
    texts = ("您的账单 ¥1,234.56 明天到期。\n🚀", 'a "quote" \\ and \u2028', "")
    for number, text in enumerate(texts):
        message = Message(f"att-{number}", "https://hooks.example.com/", text, "zh", kind="overdue")
        asyncio.run(channel.send(message))
    tried = [
        {"secret": secret, "headers": {**headers, **wrong}, "body": base64.b64encode(body).decode()}
        for headers, body in wire.posts
        for secret, wrong in (
            (NEW, {}),
            (OLD, {}),
            (OTHER, {}),
            (NEW, {"webhook-id": "att-9"}),
            (NEW, {"webhook-timestamp": "1000000000"}),
        )
    ]
    done = subprocess.run(  # noqa: S603 - our own script
        [str(NODE), str(HERE / "webhook_receiver.mjs")],
        input="\n".join(map(json.dumps, tried)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    good = ["reminder.overdue"] * 2 + ["refused"] * 3
    assert done.stdout.split("\n")[:-1] == good * len(texts)
