"""`reminders intake`: the process that reads events and receipts from their streams."""

from __future__ import annotations

import signal
from datetime import timedelta
from threading import Event

from config.logs import set_up
from config.settings import load
from reminders.cli.wake import TaskWake
from reminders.services import intake_loop
from reminders.services.opening import open_resources


def intake() -> None:
    """Take events and receipts in, until SIGTERM or Ctrl-C. Run as many as you like."""
    settings = load()
    set_up(settings)
    resources = open_resources(settings, wake=TaskWake(settings), role="intake")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    intake_loop.run(resources, stop, timedelta(seconds=settings.idle_claim_s))
