"""The inbox: one customer's own, and reading it is a receipt."""

from __future__ import annotations

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
