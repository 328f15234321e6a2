"""What one worker process holds between tasks: open connections and an event loop."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import cache

import structlog
import uvloop
from celery import current_app
from kombu.exceptions import OperationalError

from config.settings import load
from reminders.services.opening import open_resources
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)


class CeleryWake:
    """Sends the task for work that is due now. If Redis is away, beat's next sweep finds it."""

    def evaluate(self) -> None:
        self._send("workers.evaluate.evaluate")

    def deliver(self, lane: str) -> None:
        self._send(f"workers.deliver.{lane}")

    def _send(self, task: str) -> None:
        try:
            current_app.send_task(task, retry=False)
        except OperationalError as error:
            log.warning("task not sent, the sweep will find its work", task=task, reason=str(error))


@dataclass(frozen=True)
class Process:
    """One process's resources and the loop on which its channels' connections live."""

    resources: Resources
    loop: asyncio.AbstractEventLoop


@cache
def _of(pid: int) -> Process:
    opened = open_resources(load(), wake=CeleryWake(), role="worker")
    return Process(opened, uvloop.new_event_loop())


def process() -> Process:
    """This process's own; opened at first use and never shared through a fork."""
    return _of(os.getpid())


def resources() -> Resources:
    return process().resources
