"""The Celery application: `celery -A workers.app worker -Q …`, `celery -A workers.app beat`."""

from __future__ import annotations

from typing import cast

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_process_init

from channels.contract import PreparedChannel
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


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]  # celery ships no types
def _compile(**_: object) -> None:
    """Templates are compiled before the fork: each child would spend most of a second on it."""
    from reminders.messages.templates import TemplateSet

    TemplateSet.load(settings.template_folder)


@worker_init.connect(weak=False)  # type: ignore[untyped-decorator]  # celery ships no types
def _prepare(**_: object) -> None:
    """A provider's library that takes seconds to import is imported before the fork too."""
    from reminders.services.opening import open_providers

    for provider in open_providers(settings):
        if hasattr(provider, "prepare"):
            cast(PreparedChannel, provider).prepare()


@worker_process_init.connect(weak=False)  # type: ignore[untyped-decorator]  # celery ships no types
def _open(**_: object) -> None:
    """Connections are opened after the fork, before the first task waits for them."""
    from workers.process import resources

    resources()
