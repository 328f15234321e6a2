"""Housekeeping of the ledger, and the watch over channels."""

from __future__ import annotations

from celery import shared_task

from reminders.services import incidents, maintain
from workers.base import Logged
from workers.process import resources


@shared_task(name="workers.maintain.partitions", base=Logged)  # type: ignore[untyped-decorator]  # celery
def partitions() -> None:
    maintain.partitions(resources())


@shared_task(name="workers.maintain.watch", base=Logged)  # type: ignore[untyped-decorator]  # celery
def watch() -> None:
    incidents.watch(resources())
    maintain.parked(resources())


@shared_task(name="workers.maintain.probe", base=Logged)  # type: ignore[untyped-decorator]  # celery
def probe() -> None:
    maintain.probe(resources())
