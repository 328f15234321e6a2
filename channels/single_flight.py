"""Many callers, one call: whoever asks while it runs shares its result or its failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """One run at a time of a coroutine per event loop. A caller that gives up does not end it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[T] | None = None

    # `Any`: what a coroutine is sent and yields is the event loop's own business.
    async def run(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the run under way, or of a new one. Raises what that run raises."""
        task = self._task
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            task = self._task = asyncio.create_task(make())
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End the run under way."""
        task, self._task = self._task, None
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# `Any`: the result is not looked at.
def _look_at(task: asyncio.Task[Any]) -> None:
    """A failure that every caller gave up on is no news for the log."""
    if not task.cancelled():
        task.exception()
