"""Housekeeping of the ledger, and the watch over channels."""

from __future__ import annotations

from celery import shared_task

from config.settings import load
from reminders.services import maintain, unreachable
from reminders.services.tasks.tend import Receiver
from reminders.services.tasks.tend import tend as tend_tasks
from reminders.services.watch import watch as watch_channels
from workers.base import Logged
from workers.process import process, resources


@shared_task(name="workers.maintain.partitions", base=Logged)  # type: ignore[untyped-decorator]  # celery
def partitions() -> None:
    maintain.partitions(resources())
    maintain.prune(resources())


@shared_task(name="workers.maintain.watch", base=Logged)  # type: ignore[untyped-decorator]  # celery
def watch() -> None:
    here = process()
    watch_channels(here.resources, here.loop)


@shared_task(name="workers.maintain.probe", base=Logged)  # type: ignore[untyped-decorator]  # celery
def probe() -> None:
    maintain.probe(resources())
    unreachable.find(resources())


@shared_task(name="workers.maintain.tend", base=Logged)  # type: ignore[untyped-decorator]  # celery
def tend() -> None:
    settings = load()
    url, keys = settings.task_webhook_url, settings.task_webhook_secrets.get_secret_value()
    tend_tasks(resources(), Receiver(url, keys) if url else None)
