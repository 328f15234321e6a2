"""The application as `uvicorn reminders.console.app:app` finds it, with nothing injected."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from config.settings import Settings
from reminders.console import app as module
from reminders.console import health
from reminders.console.asgi import Message
from reminders.console.doors import Doors
from reminders.services.inbox_token import inbox_token
from tests.unit.console.asgi_client import Answer, call


async def lifespan(app: Doors) -> list[str]:
    """Start and stop `app`; what it said to the server."""
    messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    said: list[str] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        said.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    return said


def test_it_reads_the_inbox_of_the_database_and_ends_in_order(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "load", lambda: settings)
    monkeypatch.setattr(health, "_PATIENCE_S", 60.0)  # a busy machine may need it
    token = inbox_token("C-1", "inbox-key", datetime.now(UTC) + timedelta(minutes=1))
    headers = {"Authorization": f"Bearer {token}"}

    scraper = {"Authorization": "Bearer m-token"}

    async def visit() -> tuple[list[Answer], list[str]]:
        app = module.__getattr__("app")
        ready = await call(app, "GET", "/readyz")
        inbox = await call(app, "GET", "/v1/inbox/C-1", headers=headers, query="history=1")
        numbers = await call(app, "GET", "/metrics", headers=scraper)
        page = await call(app, "GET", "/v1/operations", query="token=lin-token")
        return [ready, inbox, numbers, page], await lifespan(app)

    try:
        (ready, inbox, numbers, page), said = asyncio.run(visit())
    finally:
        vars(module).pop("app", None)
    assert ready.status == 200
    assert json.loads(inbox.body) == {"messages": [], "unread": 0, "banner": None}
    assert b"reminders_due_unsent 0.0" in numbers.body
    assert b"reminders_scrape_failed{" not in numbers.body
    assert page.status == 200
    assert b'class="mode normal"' in page.body
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_importing_it_makes_nothing() -> None:
    assert "app" not in vars(module)
    with pytest.raises(AttributeError):
        module.__getattr__("other")
