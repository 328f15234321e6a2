"""A server of live inboxes on PORT: each line of standard input is the number of unread messages.

It prints the Last-Event-ID of each stream that begins, and ends the first after two seconds.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import uvicorn

from reminders.console import inbox_events
from reminders.console.appender import Appender
from reminders.console.asgi import Door, Receive, Scope, Send, header
from reminders.console.doors import Doors
from reminders.console.inbox import PATH, InboxDoor, InboxMessage
from reminders.console.inbox_events import InboxWatch
from reminders.services.inbox import Glance

KEY = "inbox-key"
_unread = [1]


def _look(customers: Collection[str]) -> Mapping[str, Glance]:
    return dict.fromkeys(customers, Glance(_unread[0], f"a{_unread[0]}", None))


def _nothing(customer: str) -> Sequence[InboxMessage]:
    return []


def _obey() -> None:
    for line in sys.stdin:
        _unread[0] = int(line)


def _said(door: Door) -> Door:
    async def saying(scope: Scope, receive: Receive, send: Send) -> None:
        sys.stdout.write(header(scope, b"last-event-id").decode() + "\n")
        sys.stdout.flush()
        known = header(scope, b"last-event-id")
        inbox_events.LONGEST_S = 60.0 if known else 2.0
        await door(scope, receive, send)

    return saying


def main(port: int) -> None:
    inbox_events.AGAIN_AFTER_MS = 50
    watch = InboxWatch(_look, every_s=0.05)
    unused = cast(Appender, None)  # no message is read here
    door = InboxDoor(unused, KEY, _nothing, lambda: datetime.now(UTC), watch.door)
    app = Doors({}, {PATH: _said(door)}, watch.close)
    threading.Thread(target=_obey, daemon=True).start()
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
