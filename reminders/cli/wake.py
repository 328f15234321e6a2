"""Wakes the workers from a process that is none: their tasks are sent by name."""

from __future__ import annotations

from celery import Celery
from kombu.exceptions import OperationalError

from config.celery import celery_settings
from config.settings import Settings


class TaskWake:
    """Sends tasks by name, so that this process imports no task."""

    def __init__(self, settings: Settings) -> None:
        self._app = Celery("reminders-cli", set_as_current=False)
        self._app.conf.update(celery_settings(settings))

    def evaluate(self) -> None:
        self._send("workers.evaluate.evaluate")

    def deliver(self, lane: str) -> None:
        self._send(f"workers.deliver.{lane}")

    def close(self) -> None:
        """Give the connections back."""
        self._app.close()

    def _send(self, task: str) -> None:
        try:
            self._app.send_task(task, retry=False)
        except OperationalError:
            return  # beat's next sweep finds the work
