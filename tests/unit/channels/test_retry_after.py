"""Retry-After, against outside vectors."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from channels.retry_after import LONGEST, parse_retry_after

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
VECTORS = DATA / "retry-after.json"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
THEN = datetime(1994, 11, 6, 8, 48, 37, tzinfo=UTC)


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"no {VECTORS.name}: set REMINDERS_TEST_DATA")
def test_agrees_with_the_vectors() -> None:
    for vector in json.loads(VECTORS.read_text(encoding="utf-8")):
        found = parse_retry_after(vector["value"], NOW)
        match vector["expect"]:
            case None:
                assert found is None, vector
            case int(seconds):
                assert found == timedelta(seconds=seconds), vector
            case "huge":
                assert found == LONGEST
            case _:
                assert found == timedelta(0), vector  # dates long gone: at once


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_reads_the_three_date_forms(text: str) -> None:
    assert parse_retry_after(text, THEN) == timedelta(minutes=1)


def test_never_believes_more_than_a_day() -> None:
    assert parse_retry_after("86401", NOW) == LONGEST
    assert parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", NOW) == LONGEST


@pytest.mark.parametrize("text", [None, "", "Mon", "Monday, x-y-z", "1e3", "+5", "\x00", "\xa0120"])
def test_unreadable_says_nothing(text: str | None) -> None:
    assert parse_retry_after(text, NOW) is None
