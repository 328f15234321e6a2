"""A body is cut into its events byte for byte, or refused with a reason."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.events.split import Unreadable, split

tricky = st.text(alphabet='"\\[]{},\n x\ud800', max_size=6)
objects = st.dictionaries(
    tricky,
    tricky | st.integers() | st.lists(tricky, max_size=2) | st.just({"a": [{"b": "]"}]}),
    max_size=3,
)
events_in_a_body = st.lists(objects, max_size=4)
blank = st.text(alphabet=" \t\r\n", max_size=3)


@given(events_in_a_body, blank, st.sampled_from([None, 2]))
def test_an_array_gives_its_elements(events: list[object], gap: str, indent: int | None) -> None:
    body = gap + json.dumps(events, indent=indent) + gap
    assert [json.loads(event) for event in split(body.encode())] == events


@given(events_in_a_body.filter(bool), blank, st.sampled_from([None, 2]))
def test_objects_one_after_the_other_give_themselves(
    events: list[object], gap: str, indent: int | None
) -> None:
    body = gap.join(json.dumps(event, indent=indent) for event in events)
    assert [json.loads(event) for event in split(body.encode())] == events


@given(events_in_a_body.filter(bool))
def test_lines_give_themselves(events: list[object]) -> None:
    lines = [json.dumps(event).encode() for event in events]
    assert split(b"\r\n\n".join(lines) + b"\n", lines=True) == lines


@given(st.binary())
def test_any_bytes_give_events_or_a_reason(body: bytes) -> None:
    try:
        events = split(body)
    except Unreadable:
        return
    assert all(event in body for event in events)


def test_elements_keep_their_bytes() -> None:
    body = b'[ {"a": 1.0,\t"a":2} , {"b":"\\ud800"},5]'
    assert split(body) == [b'{"a": 1.0,\t"a":2}', b'{"b":"\\ud800"}', b"5"]


def test_nesting_takes_no_stack() -> None:
    deep = b"[" * 10_000 + b"]" * 10_000
    assert split(b'[{"a":' + deep + b'},{"b":1}]')[1] == b'{"b":1}'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"hello", "neither"),
        (b"\xef\xbb\xbf{}", "neither"),
        (b"{", "ends before"),
        (b"[{}", "ends before"),
        (b"[{}}", "another kind"),
        (b"{]", "another kind"),
        (b'{"a', "the string at byte 1"),
        (b"[{},]", "lacks an event"),
        (b"[,{}]", "lacks an event"),
        (b"[,]", "lacks an event"),
        (b"[{}] {}", "something follows"),
        (b"{} x", "other than an object"),
        (b"{},{}", "other than an object"),
        (b"{} [] {}", "other than an object"),
        (b"[{]}", "another kind"),
    ],
)
def test_what_is_wrong_is_said(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        split(body)


def test_a_hostile_string_costs_one_pass() -> None:
    began = time.process_time()
    with pytest.raises(Unreadable):
        split(b'["' + b'\\"' * 1_000_000)
    assert time.process_time() - began < 20  # a pass for each would take hours
