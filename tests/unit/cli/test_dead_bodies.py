"""A refused body is shown with its personal fields masked, however broken it is."""

from __future__ import annotations

import json

import pytest

from reminders.services.dead import readable

NUMBER, MAIL = "+8616100000001", "person.one@example.com"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"data": {"contact_points": [{"address": NUMBER}, {"address": MAIL}]}}),
        json.dumps({"data": {"name": "Person One", "note": f"call {NUMBER} or {MAIL}"}}),
        f'{{"address": "{NUMBER}", "to": "{MAIL}", "name": "Person One", ',
        f"{NUMBER} {MAIL}",
        json.dumps([{"to": "13012345678"}, {"text": "Person One owes"}]),
        '{"a": 13012345678',
    ],
)
def test_nothing_personal_is_shown(body: str) -> None:
    shown = readable(body.encode(), reveal=False)
    for personal in (NUMBER, MAIL, "Person One", "13012345678"):
        assert personal not in shown


def test_it_is_shown_when_asked_for() -> None:
    body = json.dumps({"address": NUMBER}).encode()
    assert NUMBER in readable(body, reveal=True)


def test_what_is_no_personal_field_stays() -> None:
    body = {"id": "evt-20260322", "data": {"amount_due_minor": 123456789, "bill_id": "B-2026-03"}}
    assert json.loads(readable(json.dumps(body).encode(), reveal=False)) == body


def test_broken_bytes_and_control_characters_are_escaped() -> None:
    shown = readable(b"\xff\x1b[31mred\x00\r\n", reveal=True)
    assert shown == "\\xff\\x1b[31mred\\x00\\r\n"


def test_nesting_that_no_reader_survives() -> None:
    body = b"[" * 100_000 + b"]" * 100_000
    assert readable(body, reveal=False).startswith("[")
