"""The watch over channels: one step that fails keeps back none of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from reminders.services import confirmations, incidents, maintain
from reminders.services.resources import Resources
from reminders.services.shifts import keep_shifts


def watch(resources: Resources, loop: asyncio.AbstractEventLoop) -> None:
    """Write down shifts, open and close incidents, apply what was parked, confirm replies.

    Raises `ExceptionGroup` of what went wrong, once all of it was tried.
    """
    steps: tuple[Callable[[], object], ...] = (
        lambda: keep_shifts(resources),
        lambda: incidents.watch(resources),
        lambda: maintain.parked(resources),
        lambda: confirmations.confirm(resources, loop),
    )
    wrong = []
    for step in steps:
        try:
            step()
        except Exception as error:  # raised with the others below
            wrong.append(error)
    if wrong:
        raise ExceptionGroup("the watch over channels", wrong)
