"""Calls that end at the very moment at which nobody waits for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import cast

from reminders.services.flight import Flight
from reminders.services.resources import Resources


def test_a_call_that_ended_as_the_loop_stopped_is_waited_for_no_more() -> None:
    """Its task is done, what takes it out of the set has not run, and its result is landed."""
    loop = asyncio.new_event_loop()
    flight = Flight(cast(Resources, None), loop)

    async def over() -> None:
        """Ends in its first step."""

    flight._begin("gateway", over())
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert len(flight) == 1
    assert flight.land() == []
    assert not flight
    assert not +Counter(flight.busy)
    loop.close()
