"""A file gives the same events whatever its form and wherever its bytes happen to be cut."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.events import files
from reminders.events.files import Found, read_events
from tests.unit.events.test_split import events_in_a_body


def found(body: bytes) -> list[Found]:
    return list(read_events(io.BytesIO(body)))


def read(body: bytes) -> list[object]:
    events = found(body)
    assert not any(event.flaw for event in events)
    return [json.loads(event.body) for event in events]


@given(events_in_a_body, st.sampled_from([None, 1]), st.integers(1, 30))
def test_every_form_gives_the_same(events: list[object], indent: int | None, cut: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_CHUNK", cut)
        assert read(json.dumps(events, indent=indent).encode()) == events
        assert read(b"\n".join(json.dumps(event).encode() for event in events)) == events
        if all(events):  # an empty object is never spread over lines
            pretty = [json.dumps(event, indent=2).encode() for event in events]
            assert read(b"\n".join(pretty)) == events


def test_an_empty_file_holds_nothing() -> None:
    assert found(b"") == found(b"\n \n") == found(b"[]") == found(b" [\n]\n") == []


def test_lines_are_numbered() -> None:
    assert found(b'\n{"a":1}\n\nnonsense\r\n{"b":2}') == [
        Found(2, b'{"a":1}'),
        Found(4, b"nonsense"),
        Found(5, b'{"b":2}'),
    ]


def test_elements_are_numbered_by_the_line_they_begin_at() -> None:
    assert found(b'[\n  {\n  "a": 1\n  },\n\n  5,\n  {"b":2}\n]\n') == [
        Found(2, b'{\n  "a": 1\n  }'),
        Found(6, b"5"),
        Found(7, b'{"b":2}'),
    ]


def test_a_broken_line_costs_no_other() -> None:
    bodies = [event.body for event in found(b'{"a":{"b":"\n{"c":1}\n')]
    assert bodies == [b'{"a":{"b":"', b'{"c":1}']


def test_an_array_cut_off_is_told() -> None:
    assert found(b'[{"a":1},')[1].flaw == "the file ends before its array does"
    assert found(b'[{"a":1},{"b"')[1].flaw == "the file ends in the middle of an event"


def test_what_never_ends_is_not_drawn_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LONGEST", 100)
    monkeypatch.setattr(files, "_CHUNK", 10)
    rest = io.BytesIO(b'[{"a":1},\n{"b":"' + b"x" * 1000)
    *good, bad = read_events(rest)
    assert good == [Found(1, b'{"a":1}')]
    assert (bad.line, bad.body) == (1, b"")
    assert "does not end" in bad.flaw
    assert rest.tell() < 200


@pytest.mark.parametrize("body", [b'{"a":1}\n{"b":2}\n', b'[{"a":1},{"b":2}]', b"", b"\n[]"])
def test_a_byte_order_mark_hides_nothing(body: bytes) -> None:
    """Editors and spreadsheets of Windows begin a file with one."""
    assert found(b"\xef\xbb\xbf" + body) == found(body)
