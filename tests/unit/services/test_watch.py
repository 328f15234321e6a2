"""The watch over channels: every step is tried, whatever became of those before."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from reminders.services import watch
from reminders.services.resources import Resources


def test_a_step_that_fails_keeps_back_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def step(name: str, *, fails: bool = False) -> object:
        def run(*_: object) -> None:
            done.append(name)
            if fails:
                raise ValueError(name)

        return run

    monkeypatch.setattr(watch, "keep_shifts", step("shifts", fails=True))
    monkeypatch.setattr("reminders.services.incidents.watch", step("incidents", fails=True))
    monkeypatch.setattr("reminders.services.maintain.parked", step("parked"))
    monkeypatch.setattr("reminders.services.confirmations.confirm", step("confirm"))
    with pytest.raises(ExceptionGroup) as raised:
        watch.watch(cast(Resources, None), cast(asyncio.AbstractEventLoop, None))
    assert done == ["shifts", "incidents", "parked", "confirm"]
    assert [str(each) for each in raised.value.exceptions] == ["shifts", "incidents"]
