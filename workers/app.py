"""The Celery application: `celery -A workers.app worker -Q …`, `celery -A workers.app beat`."""

from __future__ import annotations

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from config.celery import celery_settings
from config.logs import set_up
from config.settings import load

settings = load()
app = Celery("reminders")
app.conf.update(celery_settings(settings))
app.autodiscover_tasks(
    ["workers.intake", "workers.evaluate", "workers.deliver", "workers.maintain"],
    related_name=None,
    force=True,
)


@setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]  # celery ships no types
def _logs(**_: object) -> None:
    set_up(settings)


@worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]  # celery ships no types
def _open(**_: object) -> None:
    """Connections are opened after the fork, before the first task waits for them."""
    from workers.process import resources

    resources()
