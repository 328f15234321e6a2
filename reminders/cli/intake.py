"""`reminders intake`: the process that reads events and receipts from their streams."""

from __future__ import annotations

import signal
from datetime import timedelta
from threading import Event

from celery import Celery
from kombu.exceptions import OperationalError

from config.celery import celery_settings
from config.logs import set_up
from config.settings import Settings, load
from reminders.services import intake_loop
from reminders.services.opening import open_resources


class _Wake:
    """Sends tasks by name, so that this process imports no task."""

    def __init__(self, settings: Settings) -> None:
        self._app = Celery("reminders-intake", set_as_current=False)
        self._app.conf.update(celery_settings(settings))

    def evaluate(self) -> None:
        self._send("workers.evaluate.evaluate")

    def deliver(self, lane: str) -> None:
        self._send(f"workers.deliver.{lane}")

    def _send(self, task: str) -> None:
        try:
            self._app.send_task(task, retry=False)
        except OperationalError:
            return  # beat's next sweep finds the work


def intake() -> None:
    """Take events and receipts in, until SIGTERM or Ctrl-C. Run as many as you like."""
    settings = load()
    set_up(settings)
    resources = open_resources(settings, wake=_Wake(settings), role="intake")
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    intake_loop.run(resources, stop, timedelta(seconds=settings.idle_claim_s))
