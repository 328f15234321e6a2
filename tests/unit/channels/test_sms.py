"""The SMS tables: answers, refusals and receipts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Post
from channels.errors import ReceiptError
from channels.receipts import Entry
from channels.sms.gateway import SmsChannel, SmsSettings
from channels.sms.gateway.answers import became_of, outcome_of
from channels.sms.gateway.errors import REFUSALS
from channels.sms.gateway.receipts import STATUSES, to_receipt
from channels.transport import Reply
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Permanent,
    ReceiptStatus,
    Transient,
    Uncertain,
    Unsent,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ENTRY: Entry = {
    "reference": "3f2b6c1e-8f0a-4c4e-9a58-0d6d2a3b4c5d",
    "id": "m-1",
    "status": "DELIVRD",
    "at": "2026-03-02T08:00:00+00:00",
}


def outcome(status: int, body: bytes = b"", **headers: str) -> Outcome:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return outcome_of(Reply(status, found, body), NOW)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 7}', b'{"id": ""}', b"[" * 9999])
def test_an_unreadable_acceptance_is_uncertain(body: bytes) -> None:
    assert isinstance(outcome(202, body), Uncertain)


def test_an_acceptance_carries_the_gateways_id() -> None:
    assert outcome(202, b'{"id": "m-1"}') == Accepted("m-1")
    assert outcome(200, b'{"id": "m-1"}') == Accepted("m-1")


@pytest.mark.parametrize("code", REFUSALS)
def test_each_known_refusal_follows_its_row(code: str) -> None:
    row = REFUSALS[code]
    body = f'{{"error": "{code}"}}'.encode()
    assert outcome(400, body) == Permanent(row.reason, row.dead_contact)


@pytest.mark.parametrize("body", [b"", b'{"error": "brand_new"}', b'{"error": {}}', b"<html>"])
def test_an_unknown_refusal_never_blames_the_number(body: bytes) -> None:
    refused = outcome(400, body)
    assert isinstance(refused, Permanent)
    assert not refused.dead_contact


@pytest.mark.parametrize("status", [401, 403])
def test_our_credentials_say_nothing_about_the_customer(status: int) -> None:
    refused = outcome(status, b'{"error": "unknown_subscriber"}')
    assert isinstance(refused, Transient)
    assert refused.reason.startswith("credentials")


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Mon, 02 Mar 2026 08:01:00 GMT", timedelta(minutes=1)),
        ("soon", None),
    ],
)
def test_429_waits_as_told(value: str, wait: timedelta | None) -> None:
    assert outcome(429, retry_after=value) == Transient("rate limited", wait)


@pytest.mark.parametrize("status", [302, 404, 408, 500, 503])
def test_the_gateways_own_trouble_is_transient(status: int) -> None:
    assert outcome(status) == Transient(f"gateway {status}")


@pytest.mark.parametrize("status", [409, 502, 504])
def test_who_cannot_know_is_uncertain(status: int) -> None:
    assert isinstance(outcome(status), Uncertain)


def test_asking() -> None:
    assert became_of(Reply(200, {}, b'{"id": "m", "status": "DELIVRD"}')) == Accepted("m")
    gone = Reply(200, {}, b'{"id": "m", "status": "REJECTD", "error": "landline"}')
    assert became_of(gone) == Permanent("landline", dead_contact=True)
    assert isinstance(became_of(Reply(404, {}, b"")), Unsent)
    for status, body in ((200, b"?"), (500, b""), (401, b""), (200, b'{"status": "DELIVRD"}')):
        assert became_of(Reply(status, {}, body)) is None


@pytest.mark.parametrize("word", STATUSES)
def test_each_status_reads_as_its_row(word: str) -> None:
    receipt = to_receipt({**ENTRY, "status": word})
    assert receipt.status is STATUSES[word]
    assert receipt.provider_ref == "m-1"
    assert (receipt.reason == "") is (receipt.status is not ReceiptStatus.UNDELIVERED)
    assert not receipt.dead_contact


def test_a_dead_number_is_told_by_its_receipt() -> None:
    receipt = to_receipt({**ENTRY, "status": "UNDELIV", "error": "unknown_subscriber"})
    assert receipt.dead_contact
    assert receipt.reason == "unknown_subscriber"


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-03-02T08:00:00"},
        {"at": "0001-01-01T00:00:00+23:59"},
        {"at": True},
        {"reference": "short"},
        {"reference": None},
        {"id": "x" * 201},
        {"error": "\ud800"},
        {"error": "a\0b"},
        {"error": 10**30},
    ],
)
def test_what_no_table_could_hold_is_refused(change: Entry) -> None:
    with pytest.raises(ReceiptError):
        to_receipt({**ENTRY, **change})


SAID = {"id": "in-1", "from": "+8610012345678", "text": "退订", "at": "2026-03-02T10:00:00+08:00"}


def test_what_customers_write_comes_beside_receipts_and_one_bad_entry_costs_itself() -> None:
    channel = SmsChannel(SmsSettings("http://gateway.example.com", "t", "s"))
    said = Inbound("+8610012345678", "退订", datetime(2026, 3, 2, 2, 0, tzinfo=UTC), "in-1")
    told = channel.hear(Post(json.dumps([{**ENTRY, "text": "ours"}, SAID, SAID]).encode()))
    assert (len(told.receipts), list(told.inbound)) == (1, [said, said])
    for name in ("id", "from", "at"):
        with pytest.raises(ReceiptError) as caught:
            channel.hear(Post(json.dumps([{**SAID, name: None}, SAID]).encode()))
        assert caught.value.inbound == (said,)
