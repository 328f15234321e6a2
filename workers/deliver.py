"""Delivery, one task per lane: each works off batches of what is due."""

from __future__ import annotations

from celery import shared_task

from reminders.domain.customer import ChannelName
from reminders.services.deliver import deliver
from workers.base import Logged
from workers.process import process


def _task(lane: str) -> None:
    def work() -> None:
        here = process()
        deliver(here.resources, lane, here.loop)

    shared_task(work, name=f"workers.deliver.{lane}", base=Logged)


for _lane in ChannelName:
    _task(_lane.value)
