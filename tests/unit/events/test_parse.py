"""Whatever arrives is an event or an `EventError` of one line; nothing else ever comes out."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.events import EVENT_MODELS, MAX_EVENT_BYTES, EventError, parse_event, to_json
from reminders.events.examples import examples
from reminders.events.models import BillSnapshot
from tests.unit.events.samples import raw


def refused(body: bytes) -> EventError:
    with pytest.raises(EventError) as caught:
        parse_event(body)
    assert caught.value.reason
    assert caught.value.reason.isprintable()
    assert len(caught.value.reason) < 400
    return caught.value


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_every_type_survives_the_way_out_and_in(event_type: str) -> None:
    event = examples()[event_type]
    assert parse_event(to_json(event)) == event


def test_instants_become_utc_and_the_trace_is_kept() -> None:
    event = parse_event(raw(time="2026-03-05T09:30:00.5+08:00"))
    assert event.time == datetime(2026, 3, 5, 1, 30, 0, 500_000, tzinfo=UTC)
    assert event.time.tzinfo is UTC
    assert event.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("traceparent", [None, "", "nonsense", "00-" + "0" * 32 + "-1-01"])
def test_a_broken_trace_does_not_cost_the_event(traceparent: str | None) -> None:
    assert parse_event(raw(traceparent=traceparent)).trace_id is None


def test_extension_attributes_are_kept() -> None:
    event = parse_event(raw(partitionkey="7", sampledrate=3, replayed=True))
    assert event.extensions == {"partitionkey": "7", "sampledrate": 3, "replayed": True}


@pytest.mark.parametrize("due_on", ["2028-02-29", "9999-12-31"])
def test_unusual_due_dates_are_dates(due_on: str) -> None:
    bill = parse_event(raw(data_due_on=due_on)).data
    assert isinstance(bill, BillSnapshot)
    assert bill.due_on == date.fromisoformat(due_on)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b" ", "Invalid JSON"),
        (b"x" * (MAX_EVENT_BYTES + 1), "more than"),
        (b'{"id": "\xff"}', "is not UTF-8: byte 0xff at offset 8"),
        (b"[" * 10_000, "recursion limit"),
        (b'{"a":' * 10_000, "recursion limit"),
        (b"[]", "should be an object"),
        (b"{}", "type is missing"),
        (raw(type="bill.lost"), "unknown type bill.lost"),
        (raw(type="x\ny" * 99), "unknown type x?yx?y"),
        (raw(specversion="0.3"), "specversion"),
        (raw(id=""), "id: "),
        (raw(id="a\0"), "id: holds a control character"),
        (raw(id="\ud800"), "Invalid JSON"),
        (raw(id="x" * 201), "id: "),
        (raw(source="a b"), "source: holds a blank"),
        (raw(time=None), "time: is not an instant"),
        (raw(time=1_700_000_000), "time: is not an instant"),
        (raw(time="1700000000"), "time: is not an instant"),
        (raw(time="2026-03-05T09:30:00"), "time: Input should have timezone info"),
        (raw(time="9999-12-31T23:59:59-12:00"), "outside the years"),
        (raw(data=None), "data: Input should be an object"),
        (raw(Upper="x"), "Upper: is not an extension attribute's name"),
        (raw(ratio=1.5), "ratio: an extension attribute"),
        (raw(data_customer_id="+8616100000001"), "data.customer_id: may hold only"),
        (raw(data_amount_due_minor=-1), "data.amount_due_minor: "),
        (raw(data_amount_due_minor=2**63), "data.amount_due_minor: "),
        (raw(data_amount_due_minor=1.0), "data.amount_due_minor: "),
        (raw(data_amount_due_minor="1"), "data.amount_due_minor: "),
        (raw(data_amount_due_minor=True), "data.amount_due_minor: "),
        (raw(data_minimum_due_minor=2**62), "minimum_due_minor is above amount_due_minor"),
        (raw(data_version=0), "data.version: "),
        (raw(data_version=2**31), "data.version: "),
        (raw(data_currency="twd"), "data.currency: is not an ISO 4217 code"),
        (raw(data_due_on="2027-02-29"), "data.due_on: "),
        (raw(data_due_on="2026-03-25T00:00:00"), "data.due_on: is not a date"),
        (raw(data_due_on=20_000), "data.due_on: is not a date"),
        (raw(data_product="a\0b"), "data.product: holds a control character"),
        (raw(data_revolving="yes"), "data.revolving: "),
        (raw(data_supersedes="B-2026-03-000001"), "cannot supersede itself"),
        (raw(data_typo=1), "data.typo: Extra inputs are not permitted"),
        (raw("customer.updated", data_time_zone="Mars/Olympus"), "not a time zone"),
        (raw("customer.updated", data_time_zone="../../etc/passwd"), "not a time zone"),
        (raw("customer.updated", data_jurisdiction="Taiwan"), "ISO 3166"),
        (raw("customer.updated", data_consent={"fax": True}), "data.consent"),
        (raw("customer.updated", data_consent={"sms": 1}), "data.consent"),
        (raw("contact.changed", data_address="0912345678"), "not an E.164 number"),
        (raw("contact.changed", data_address="+86161000\r\nX: y"), "control character"),
        (raw("payment.received", data_amount_minor=0), "data.amount_minor: "),
        (raw("hold.placed", data_kind="whim"), "data.kind: "),
        (raw("hold.placed", data_until_at="2026-03-01T00:00:00Z"), "until_at is not after"),
        (raw("customer.updated", data_other_time_zones=["Mars/Olympus"]), "not a time zone"),
        (raw("customer.updated", data_other_time_zones="Asia/Taipei"), "data.other_time_zones: "),
        (raw("customer.updated", data_other_time_zones=["UTC"] * 6), "at most 5 items"),
        (raw("preference.changed", data_message_kind="gossip"), "data.message_kind: "),
        (raw("preference.changed", data_source=""), "data.source: "),
        (raw("preference.changed", data_source="a\nb"), "data.source: holds a control character"),
        (raw("preference.changed", data_actor="a\0"), "data.actor: holds a control character"),
        (raw("preference.changed", data_actor=1), "data.actor: "),
        (raw("preference.offsets_chosen", data_offsets=[1]), "data.offsets.0: "),
        (raw("preference.offsets_chosen", data_offsets=[-31]), "data.offsets.0: "),
        (raw("preference.offsets_chosen", data_offsets=[-1.0]), "data.offsets.0: "),
        (raw("preference.offsets_chosen", data_offsets=[True]), "data.offsets.0: "),
        (raw("preference.offsets_chosen", data_offsets=[-1] * 6), "at most 5 items"),
        (raw("preference.offsets_chosen", data_offsets=None), "data.offsets: "),
        (raw("preference.offsets_chosen", data_actor=""), "data.actor: "),
        (raw("risk.observed", data_name="age"), "data.name: Input should be 'credit_limit'"),
        (raw("risk.observed", data_value="1"), "data.value: "),
        (raw("risk.observed", data_value=True), "data.value: "),
        (raw("risk.observed", data_value=float("nan")), "data.value: "),
        (raw("risk.observed", data_value=float("inf")), "data.value: "),
        (raw("risk.observed", data_value=1e16), "data.value: "),
        (raw("risk.observed", data_value=-1), "value of credit_limit is not within 0 and 1e+15"),
        (raw("risk.observed", data_name="autopay", data_value=0.5), "autopay is neither 0 nor 1"),
        (raw("risk.observed", data_name="anomaly", data_value=2), "anomaly is neither 0 nor 1"),
        (raw("risk.observed", data_name="utilisation", data_value=1001), "within 0 and 1000"),
        (raw("risk.observed", data_observed_at="2026-03-01"), "data.observed_at: "),
        (raw("promise.made", data_amount_minor=0), "data.amount_minor: "),
        (raw("promise.made", data_bill_id=None), "data.bill_id: "),
        (raw("promise.made", data_promised_on="2027-02-29"), "data.promised_on: "),
        (raw("contact.confirmed", data_channel="fax"), "data.channel: "),
        (raw("contact.confirmed", data_confirmed_at=None), "data.confirmed_at: is not an instant"),
        (raw("contact.made", data_channel="fax"), "data.channel: "),
        (raw("contact.made", data_connected=1), "data.connected: "),
        (raw("contact.made", data_conversation=None), "data.conversation: "),
        (raw("contact.made", data_connected=False), "a conversation that was not connected"),
        (raw("contact.made", data_excluded=["a b"]), "data.excluded.0: may hold only"),
        (raw("contact.made", data_excluded=["x"] * 21), "at most 20 items"),
        (raw("contact.made", data_message_class="mandated"), "data.message_class: "),
        (raw("contact.made", data_address="+8616100000001"), "data.address: Extra inputs"),
        (raw() + b"{}", "trailing characters"),
        (b"\xef\xbb\xbf" + raw(), "Invalid JSON"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(body: bytes, reason: str) -> None:
    assert reason in refused(body).reason


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "a b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a@-example.com",
        ".a@example.com",
        "a..b@example.com",
        '"a b"@example.com',
        "a@@example.com",
        "x" * 65 + "@example.com",
        "a@" + "b." * 130 + "com",
        "顾客@example.com",
    ],
)
def test_doubtful_mail_addresses_are_refused(address: str) -> None:
    points = [{"channel": "email", "address": address}]
    assert "address" in refused(raw("customer.updated", data_contact_points=points)).reason


@pytest.mark.parametrize(
    "address", ["a@example.com", "o'neil+tag@mail.example.co", "1@x-y.example"]
)
def test_plain_mail_addresses_are_taken(address: str) -> None:
    points = [{"channel": "email", "address": address}]
    assert parse_event(raw("customer.updated", data_contact_points=points))


def test_a_contact_point_without_address_is_for_in_app_alone() -> None:
    assert parse_event(raw("customer.updated", data_contact_points=[{"channel": "in_app"}]))
    refused(raw("customer.updated", data_contact_points=[{"channel": "sms"}]))


def test_what_can_still_be_read_is_told() -> None:
    error = refused(raw(data_amount_due_minor=-1))
    assert (error.source, error.id) == ("/example-bank/billing", "evt-0004")
    assert error.customer == "C-000001"


def test_what_can_still_be_read_is_told_beside_a_number_of_5000_digits() -> None:
    assert refused(raw().replace(b"1284500", b"9" * 5000)).customer == "C-000001"


def test_what_cannot_be_stored_is_not_told() -> None:
    error = refused(raw(id="a\0", source="\ud800", data_customer_id="\0"))
    assert (error.source, error.id, error.customer) == (None, None, None)


def test_no_reason_quotes_an_address() -> None:
    error = refused(raw("contact.changed", data_address="0912345678"))
    assert "0912345678" not in str(error)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def only_event_errors(body: bytes) -> None:
    with suppress(EventError):
        parse_event(body)


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing_else(body: bytes) -> None:
    only_event_errors(body)


@given(json_values)
def test_any_json_raises_nothing_else(value: Any) -> None:  # Any: JSON
    only_event_errors(json.dumps(value).encode())


def _places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:  # Any: JSON
    if not isinstance(value, dict):
        return [path]
    return [path, *(place for k, v in value.items() for place in _places(v, (*path, k)))]


@given(st.sampled_from(sorted(EVENT_MODELS)), st.data(), json_values)
def test_any_value_anywhere_raises_nothing_else(
    event_type: str, data: st.DataObject, value: Any
) -> None:
    event = json.loads(raw(event_type))
    *path, last = data.draw(st.sampled_from(_places(event)[1:]))
    target = event
    for step in path:
        target = target[step]
    target[last] = value
    only_event_errors(json.dumps(event).encode())


@given(st.sampled_from(sorted(EVENT_MODELS)), st.data(), st.integers(0, 255))
def test_any_flipped_byte_raises_nothing_else(
    event_type: str, data: st.DataObject, byte: int
) -> None:
    body = bytearray(raw(event_type))
    body[data.draw(st.integers(0, len(body) - 1))] = byte
    only_event_errors(bytes(body))
