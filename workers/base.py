"""The base of every task: its log lines, and what happens when it fails."""

from __future__ import annotations

from typing import Any

import structlog
from celery import Task

log = structlog.get_logger(__name__)


class Logged(Task):  # type: ignore[misc]  # celery ships no types
    """A failed task is logged and over: what it left is still due in PostgreSQL, and swept."""

    abstract = True

    def on_failure(
        self,
        exc: BaseException,
        task_id: str,
        args: Any,  # Any: Celery's own signature
        kwargs: Any,
        einfo: Any,
    ) -> None:
        log.error("task failed", task=self.name, id=task_id, reason=repr(exc), trace=str(einfo))
