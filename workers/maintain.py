"""Housekeeping of the ledger."""

from __future__ import annotations

from celery import shared_task

from reminders.services.maintain import partitions as make_partitions
from workers.base import Logged
from workers.process import resources


@shared_task(name="workers.maintain.partitions", base=Logged)  # type: ignore[untyped-decorator]  # celery
def partitions() -> None:
    make_partitions(resources())
