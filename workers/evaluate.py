"""Evaluation of changed customers, a batch per transaction."""

from __future__ import annotations

from celery import shared_task

from reminders.services.evaluate import evaluate as evaluate_customers
from workers.base import Logged
from workers.process import resources


@shared_task(name="workers.evaluate.evaluate", base=Logged)  # type: ignore[untyped-decorator]  # celery
def evaluate() -> None:
    evaluate_customers(resources())
