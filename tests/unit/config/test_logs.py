"""What the logs show of a failure."""

from __future__ import annotations

import logging
import sys
from io import StringIO
from typing import Literal

import pytest
import structlog

from config.logs import set_up
from config.settings import Settings


def test_a_traceback_shows_no_local_variables(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shown = StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    request.addfinalizer(structlog.reset_defaults)
    monkeypatch.setattr("logging.root.handlers", [])
    set_up(Settings.model_construct(log_level="info", log_format="console"))
    try:
        _send("+86161" + "00000002")
    except RuntimeError:
        structlog.get_logger("test").exception("channel raised")
    assert "RuntimeError" in shown.getvalue()
    assert "+8616100000002" not in shown.getvalue()


@pytest.mark.parametrize(("level", "chatty"), [("info", False), ("debug", True)])
def test_idle_tasks_do_not_bury_what_our_own_lines_say(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    level: Literal["info", "debug"],
    chatty: bool,
) -> None:
    shown = StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    request.addfinalizer(structlog.reset_defaults)
    monkeypatch.setattr("logging.root.handlers", [])
    monkeypatch.setattr("logging.root.level", logging.INFO)
    set_up(Settings.model_construct(log_level=level, log_format="console"))
    tasks = logging.getLogger("celery.app.trace")
    request.addfinalizer(lambda: tasks.setLevel(logging.NOTSET))
    tasks.info("Task succeeded")
    tasks.error("Task raised")
    structlog.get_logger("test").info("events taken in")
    assert ("Task succeeded" in shown.getvalue()) is chatty
    assert "Task raised" in shown.getvalue()
    assert "events taken in" in shown.getvalue()


def _send(address: str) -> None:
    raise RuntimeError(len(address))
