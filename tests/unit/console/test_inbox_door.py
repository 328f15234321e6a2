"""The inbox: one customer's own, and reading it is a receipt."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Post
from channels.in_app import InAppChannel, InAppSettings
from reminders.domain.outcome import Receipt, ReceiptStatus
from reminders.services.inbox_token import customer_of, inbox_token
from reminders.services.streams import RECEIPTS_STREAM
from tests.unit.console.asgi_client import Answer, call, run
from tests.unit.console.conftest import NOW, House, Shown

NEW_1, OLD, NEW_2 = "1" * 32, "2" * 32, "3" * 32
SOON = datetime.now(UTC) + timedelta(hours=1)


async def get(house: House, token: str, customer: str = "C-1", query: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    return await call(house.app, "GET", f"/v1/inbox/{customer}", headers=headers, query=query)


@pytest.fixture
def token(house: House) -> str:
    house.messages.extend([Shown(NEW_1), Shown(OLD, read_at=NOW), Shown(NEW_2)])
    return inbox_token("C-1", "inbox-key", SOON)


def shown(answer: Answer) -> list[str]:
    assert answer.status == 200
    assert answer.whole
    return [message["attempt_id"] for message in answer.json["messages"]]


def receipts(house: House) -> list[dict[bytes, bytes]]:
    return run(house.stream(RECEIPTS_STREAM))


def test_unread_messages_are_shown_and_a_receipt_says_so(house: House, token: str) -> None:
    answer = run(get(house, token))
    assert shown(answer) == [NEW_1, NEW_2]
    assert answer.json["messages"][0] == {
        "attempt_id": NEW_1,
        "written_at": "2026-03-25T01:30:00+00:00",
        "bill_id": "B-1",
        "kind": "due_today",
        "urgency": "normal",
        "open": True,
        "subject": "Your bill",
        "text": "12.00 is due today",
        "read_at": None,
    }
    assert answer.headers["cache-control"] == "no-store"
    (entry,) = receipts(house)
    assert (entry[b"p"], entry[b"s"]) == (b"in_app", b"1")
    said = InAppChannel(InAppSettings("s")).hear(Post(entry[b"b"])).receipts
    assert list(said) == [
        Receipt(attempt_id=name, status=ReceiptStatus.READ, at=NOW) for name in (NEW_1, NEW_2)
    ]
    assert house.asked == ["C-1"]


def test_history_shows_the_read_ones_too(house: House, token: str) -> None:
    assert shown(run(get(house, token, query="history=1"))) == [NEW_1, OLD, NEW_2]
    assert len(receipts(house)) == 1


def test_a_peek_marks_nothing(house: House, token: str) -> None:
    assert shown(run(get(house, token, query="history=1&peek=1"))) == [NEW_1, OLD, NEW_2]
    assert receipts(house) == []


def test_nothing_unread_is_no_receipt(house: House, token: str) -> None:
    house.messages[:] = [Shown(OLD, read_at=NOW)]
    assert shown(run(get(house, token))) == []
    assert receipts(house) == []


def test_without_redis_the_messages_are_shown_and_stay_unread(house: House, token: str) -> None:
    house.server.connected = False
    assert shown(run(get(house, token))) == [NEW_1, NEW_2]


def test_a_token_opens_one_inbox_only(house: House, token: str) -> None:
    assert run(get(house, token, "C-2")).status == 403
    assert house.asked == []


def test_old_forged_and_missing_tokens_open_nothing(house: House, token: str) -> None:
    for wrong in (
        "",
        token + "x",
        inbox_token("C-1", "another-key", SOON),
        inbox_token("C-1", "inbox-key", datetime.now(UTC) - timedelta(seconds=1)),
    ):
        assert run(get(house, wrong)).status == 401
    assert house.asked == []


def test_a_token_ends_at_its_instant() -> None:
    token = inbox_token("C-1", "k", NOW)
    assert customer_of(token, "k", NOW - timedelta(seconds=1)) == "C-1"
    assert customer_of(token, "k", NOW) is None


def marked(house: House) -> list[str]:
    """The attempts that receipts say were read."""
    in_app = InAppChannel(InAppSettings("s"))
    return [
        receipt.attempt_id
        for entry in receipts(house)
        for receipt in in_app.hear(Post(entry[b"b"])).receipts
    ]


async def post(house: House, token: str, body: object, customer: str = "C-1") -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/v1/inbox/{customer}/read"
    return await call(house.app, "POST", path, json.dumps(body).encode(), headers)


def test_the_inbox_counts_and_pins(house: House, token: str) -> None:
    house.messages.append(Shown("4" * 32, urgency="high", written_at=NOW - timedelta(days=1)))
    answer = run(get(house, token, query="history=1&peek=1"))
    assert (answer.json["unread"], answer.json["banner"]) == (3, "4" * 32)


def test_single_messages_are_marked_as_read_once(house: House, token: str) -> None:
    body = {"attempt_ids": [NEW_2, OLD, "f" * 32]}
    answer = run(post(house, token, body))
    assert (answer.status, answer.json) == (200, {"read": [NEW_2], "unread": 1})
    assert marked(house) == [NEW_2]


def test_what_is_not_in_the_inbox_gets_no_receipt(house: House, token: str) -> None:
    """An id of somebody else's, or of a message on another channel, is not marked."""
    assert run(post(house, token, {"attempt_ids": ["f" * 32]})).json == {"read": [], "unread": 2}
    assert run(post(house, token, {"attempt_ids": [NEW_1]}, "C-2")).status == 403
    assert receipts(house) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([NEW_1], 422),
        ({"attempt_ids": NEW_1}, 422),
        ({"attempt_ids": [1]}, 422),
        ({"attempt_ids": ["x"] * 201}, 422),
        ({"attempt_ids": ["x" * 20_000]}, 413),
    ],
)
def test_a_wrong_body_marks_nothing(house: House, token: str, body: object, status: int) -> None:
    assert run(post(house, token, body)).status == status
    assert receipts(house) == []


def test_reading_is_told_to_fail_without_redis(house: House, token: str) -> None:
    house.server.connected = False
    assert run(post(house, token, {"attempt_ids": [NEW_1]})).status == 503


def test_a_customer_may_be_called_like_a_door(house: House, token: str) -> None:
    odd = inbox_token("C-1/read", "inbox-key", SOON)
    assert run(get(house, odd, "C-1/read", "peek=1")).status == 200
    assert run(post(house, odd, {"attempt_ids": []})).status == 405
    assert run(get(house, token, "C-1/read")).status == 405


def test_the_query_carries_no_token_but_for_events(house: House, token: str) -> None:
    answer = run(call(house.app, "GET", "/v1/inbox/C-1", query=f"token={token}"))
    assert answer.status == 401
