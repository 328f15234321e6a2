"""The Celery door: an event sent as a task is put onto the stream with all the others."""

from __future__ import annotations

import json
import time
from typing import Any, cast

from celery import shared_task

from reminders.services.streams import EVENTS_STREAM, event_entry
from workers.base import Logged
from workers.process import resources


@shared_task(name="workers.intake.accept", base=Logged)  # type: ignore[untyped-decorator]  # celery
def accept(event: dict[str, Any] | str) -> None:  # Any: JSON
    """Take one CloudEvents object, or its JSON text. Sending it twice costs nothing."""
    text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    entry = event_entry(text.encode("utf-8", "surrogatepass"), "celery", time.time())
    resources().redis.xadd(EVENTS_STREAM, cast("dict[Any, Any]", entry))
