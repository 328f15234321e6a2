"""Delivery, one task per lane: each works off batches of what is due."""

from __future__ import annotations

from celery import shared_task

from reminders.services.deliver import deliver
from workers.base import Logged
from workers.process import process


def _deliver(lane: str) -> None:
    here = process()
    deliver(here.resources, lane, here.loop)


@shared_task(name="workers.deliver.sms", base=Logged)  # type: ignore[untyped-decorator]  # celery
def sms() -> None:
    _deliver("sms")


@shared_task(name="workers.deliver.email", base=Logged)  # type: ignore[untyped-decorator]  # celery
def email() -> None:
    _deliver("email")


@shared_task(name="workers.deliver.in_app", base=Logged)  # type: ignore[untyped-decorator]  # celery
def in_app() -> None:
    _deliver("in_app")
