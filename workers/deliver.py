"""Delivery, one task per lane: each works off batches of what is due."""

from __future__ import annotations

from functools import partial

from celery import shared_task

from reminders.domain.customer import ChannelName
from reminders.services.deliver import deliver
from workers.base import Logged
from workers.process import process


def _deliver(lane: str) -> None:
    here = process()
    deliver(here.resources, lane, here.loop)


for _lane in ChannelName:
    shared_task(partial(_deliver, _lane.value), name=f"workers.deliver.{_lane}", base=Logged)
