"""What the logs show of a failure."""

from __future__ import annotations

import sys
from io import StringIO

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


def _send(address: str) -> None:
    raise RuntimeError(len(address))
