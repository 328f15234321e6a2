"""Where the real card clients are, for the tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[4].parent / "shared" / "data"


def card_clients() -> Path:
    """The file's path; skips the test, with one line, where it is not at hand."""
    folder = Path(os.environ.get("REMINDERS_TEST_DATA", _BESIDE))
    path = folder / "credit-card-clients.csv"
    if not path.exists():
        pytest.skip(f"credit-card-clients.csv is not in {folder}")
    return path
