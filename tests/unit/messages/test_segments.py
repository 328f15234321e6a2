"""SMS segments, against outside counters and at every edge."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.messages.segments import is_gsm, segments
from tests.unit.messages.bills import ROOT

DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
VECTORS = DATA / "sms-segments.json"
EXTENDED = "\f^{}\\[~]|€"


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"no {VECTORS.name}: set REMINDERS_TEST_DATA")
def test_agrees_with_three_independent_counters() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    wrong = [v["name"] for v in vectors if segments(v["text"]) != v["segments"]]
    assert not wrong
    assert len(vectors) == 236


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("€" * 152, 2),  # 76 escape pairs a segment, the 153rd septet stays empty
        ("€" * 153, 3),
        ("账" * 70, 1),
        ("账" * 71, 2),
        ("账" * 134, 2),
        ("账" * 135, 3),
        ("🚀" * 35, 1),
        ("🚀" * 36, 2),
        ("🚀" * 66, 2),  # 33 pairs a segment, the 67th unit stays empty
        ("🚀" * 67, 3),
        ("账" * 66 + "🚀" + "账" * 65, 2),
        ("账" * 66 + "🚀" + "账" * 66, 3),  # 134 units, but the pair moved on
    ],
)
def test_edges(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_surrogates_alone_and_in_pairs() -> None:
    high, low = "\ud83d", "\ude80"
    assert segments(high * 70) == 1
    assert segments(high * 134) == 2
    assert segments(low * 135) == 3
    assert segments((high + low) * 66) == segments("🚀" * 66)


@given(st.text(max_size=400))
def test_never_fewer_than_the_units_need_and_never_half_empty(text: str) -> None:
    if is_gsm(text):
        units, one, many = len(text) + sum(text.count(c) for c in EXTENDED), 160, 153
    else:
        units, one, many = len(text.encode("utf-16-le")) // 2, 70, 67
    least = 1 if units <= one else -(-units // many)
    assert least <= segments(text) <= max(1, -(-units // (many - 1)))


@given(st.text(alphabet="aé€账🚀", max_size=300), st.text(alphabet="aé€账🚀", max_size=50))
def test_more_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text)
