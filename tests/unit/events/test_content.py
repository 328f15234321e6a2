"""Equal content has an equal hash, other content another, and personal fields go apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reminders.events import EVENT_MODELS, content_hash, parse_event, personal, redacted
from tests.unit.events.samples import raw

KEY = b"k" * 32

# A stored hash outlives the code: should one of these change, every redelivery of an event that
# was taken before would be refused as a conflict.
GOLDEN = {
    "customer.updated": "3c43ae3b1caf7bd5",
    "contact.changed": "f2ea5667395dd1bf",
    "preference.changed": "f1c2a9d9bba659e9",
    "bill.issued": "e4113a86ad9d4ee8",
    "bill.due": "61a3cc37f5b63a25",
    "bill.adjusted": "25e184ecfec8fb0a",
    "bill.cancelled": "ce1cf5c3fc115a42",
    "payment.received": "a06e3bd21a0a4bbb",
    "payment.failed": "2730b8f67e77bf8b",
    "payment.reversed": "dc2bf0192f5249cd",
    "hold.placed": "f73ae6546c90fc56",
    "hold.lifted": "4a8c09e6b14de913",
    "preference.offsets_chosen": "4c4e4bf6aefac0c0",
    "risk.observed": "2c85449b798ecfec",
    "promise.made": "36a969ac541c4709",
    "contact.confirmed": "8fcf5e07bb674bd5",
    "contact.made": "2ab04b0f07aa3dd8",
}


def hashed(body: bytes) -> bytes:
    return content_hash(parse_event(body), KEY)


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_the_hash_of_an_event_never_changes(event_type: str) -> None:
    assert hashed(raw(event_type)).hex()[:16] == GOLDEN[event_type]


@pytest.mark.parametrize(
    ("event_type", "since_then", "before"),
    [
        ("customer.updated", {"data_other_time_zones": None}, "f57767e4f979491f"),
        ("preference.changed", {"data_source": None}, "7ca17b8422b8d41a"),
    ],
)
def test_a_new_field_leaves_the_hash_of_those_who_do_not_send_it(
    event_type: str, since_then: dict[str, Any], before: str
) -> None:
    assert hashed(raw(event_type, **since_then)).hex()[:16] == before


@pytest.mark.parametrize(
    ("event_type", "one", "other"),
    [
        (
            "customer.updated",
            {"data_other_time_zones": ["Europe/Paris", "Asia/Tokyo", "Asia/Tokyo"]},
            {"data_other_time_zones": ["Asia/Tokyo", "Europe/Paris"]},
        ),
        ("preference.offsets_chosen", {"data_offsets": [-1, -5]}, {"data_offsets": [-5, -1, -1]}),
        ("contact.made", {"data_excluded": ["b", "a"]}, {"data_excluded": ["a", "b"]}),
        ("contact.made", {"data_connected": None}, {"data_connected": None, "data_excluded": None}),
        ("risk.observed", {"data_value": 200_000}, {"data_value": 200_000.0}),
    ],
)
def test_an_equal_set_or_number_has_the_same_hash(
    event_type: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert hashed(raw(event_type, **one)) == hashed(raw(event_type, **other))


def _backwards(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        return {k: _backwards(v) for k, v in reversed(value.items())}
    return value


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_another_serialisation_has_the_same_hash(event_type: str) -> None:
    other = _backwards(json.loads(raw(event_type, partitionkey="7", shard=1)))
    assert hashed(json.dumps(other, indent=4, ensure_ascii=False).encode()) == hashed(
        raw(event_type, shard=1, partitionkey="7")
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"traceparent": None},
        {"tracestate": "a=b"},
        {"datacontenttype": "application/json"},
        {"time": "2026-03-05T09:30:00.000+08:00"},
        {"subject": None},
        {"data_reason": None},
    ],
)
def test_how_it_travelled_does_not_count(changed: dict[str, Any]) -> None:
    assert hashed(raw(**changed)) == hashed(raw())


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "bill.due"},
        {"time": "2026-03-05T01:30:00.000001Z"},
        {"subject": "x"},
        {"partitionkey": "7"},
        {"partitionkey": 7},
        {"data_version": 2},
        {"data_amount_due_minor": 1_284_501},
        {"data_due_on": "2026-03-26"},
        {"data_reason": "why"},
        {"data_customer_id": "C-000002"},
    ],
)
def test_other_content_has_another_hash(changed: dict[str, Any]) -> None:
    assert hashed(raw(**changed)) != hashed(raw())


def test_a_text_and_a_number_are_not_the_same() -> None:
    assert hashed(raw(shard="7")) != hashed(raw(shard=7))


def test_another_key_gives_another_hash() -> None:
    event = parse_event(raw())
    assert content_hash(event, KEY) != content_hash(event, b"other")


def test_name_and_addresses_are_taken_out_and_kept_apart() -> None:
    event = parse_event(raw("customer.updated"))
    kept = redacted(event).decode()
    assert "王示例" not in kept
    assert "16100000001" not in kept
    assert "example.com" not in kept
    assert json.loads(kept)["data"]["contact_points"][0] == {"channel": "sms", "address": None}
    assert personal(event) == {
        "name": "王示例",
        "contact_points": [
            {"channel": "sms", "address": "+8616100000001"},
            {"channel": "email", "address": "customer.one@example.com"},
            {"channel": "in_app", "address": None},
        ],
    }


def test_a_changed_address_is_taken_out_and_kept_apart() -> None:
    event = parse_event(raw("contact.changed"))
    assert json.loads(redacted(event))["data"]["address"] is None
    assert personal(event) == {"channel": "sms", "address": "+8616100000002"}
    assert personal(parse_event(raw("contact.changed", data_address=None))) is None


@pytest.mark.parametrize(
    "event_type", sorted(EVENT_MODELS.keys() - {"customer.updated", "contact.changed"})
)
def test_other_events_hold_nothing_personal_and_are_kept_whole(event_type: str) -> None:
    event = parse_event(raw(event_type))
    assert personal(event) is None
    assert json.loads(redacted(event)) == json.loads(raw(event_type))
