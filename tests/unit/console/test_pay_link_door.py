"""A short link leads to the bill; people's clicks are receipts, machines' looks are not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import pytest
from fakeredis import FakeAsyncRedis, FakeServer
from sqlalchemy.exc import OperationalError

from channels.contract import Post
from channels.errors import ReceiptError
from channels.in_app import InAppSettings, build
from reminders.console.appender import Appender
from reminders.console.asgi import Refused
from reminders.console.pay_link import PATH, PayLinkDoor
from reminders.domain.identity import make_id
from reminders.domain.outcome import ReceiptStatus
from reminders.services.links import LINK_LASTS, PayLinks
from reminders.services.streams import RECEIPTS_STREAM
from tests.unit.console.asgi_client import Answer, call, run

NOW = datetime(2026, 3, 25, 4, tzinfo=UTC)
KEY = "key"
LINKS = PayLinks("https://b.example.com", KEY)
ATTEMPT = make_id(202603, 77, "x")
PERSON = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"}
WECHAT = {"user-agent": "Mozilla/5.0 (Linux; Android 15) Chrome/130 MicroMessenger/8.0.50"}


@dataclass
class Place:
    """The door, the bills behind it, and what reached the stream."""

    server: FakeServer = field(default_factory=FakeServer)
    bills: dict[UUID, str] = field(default_factory=lambda: {ATTEMPT: "B-1"})
    now: datetime = NOW
    down: bool = False

    def bill_of(self, attempt_id: UUID) -> str:
        if self.down:
            raise OperationalError("", {}, Exception("away"))
        return self.bills.get(attempt_id, "")

    def ask(
        self, token: str, method: str = "GET", headers: dict[str, str] = PERSON, *, on: bool = True
    ) -> tuple[Answer, list[dict[str, str]]]:
        async def go() -> tuple[Answer, list[dict[str, str]]]:
            async with FakeAsyncRedis(server=self.server) as client:
                door = PayLinkDoor(
                    Appender(client),
                    LINKS if on else None,
                    "https://pay.example.com/",
                    self.bill_of,
                    lambda: self.now,
                )
                answer = await call(door, method, f"{PATH}{token}", headers=headers)
                self.server.connected = True
                told = await client.xrange(RECEIPTS_STREAM)
                found = cast("list[tuple[bytes, dict[bytes, bytes]]]", told)
                return answer, [json.loads(fields[b"b"]) for _, fields in found]

        return run(go())


def token() -> str:
    return LINKS.token(ATTEMPT, NOW)


def test_a_click_leads_to_the_bill_and_is_a_receipt() -> None:
    answer, heard = Place().ask(token())
    assert (answer.status, answer.headers["location"]) == (302, "https://pay.example.com/B-1")
    assert answer.headers["cache-control"] == "no-store"
    assert [each["reference"] for each in heard] == [str(ATTEMPT)]
    (receipt,) = (
        build(InAppSettings(receipts_secret=KEY)).hear(Post(json.dumps(heard[0]).encode())).receipts
    )
    assert (receipt.status, receipt.reason) == (ReceiptStatus.ACTED, "click")
    assert (receipt.attempt_id, receipt.at) == (str(ATTEMPT), NOW)
    assert len(Place().ask(token(), headers=WECHAT)[1]) == 1


def test_only_a_click_is_an_act_that_the_app_tells() -> None:
    channel = build(InAppSettings(receipts_secret=KEY))
    said = {"reference": str(ATTEMPT), "status": "acted", "at": NOW.isoformat()}
    for wrong in (said, {**said, "reason": "reply"}, {**said, "status": "delivered"}):
        with pytest.raises(ReceiptError):
            channel.hear(Post(json.dumps(wrong).encode()))


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", PERSON),
        ("GET", {}),
        ("GET", {"user-agent": "WhatsApp/2.23.20 A"}),
        ("GET", {"user-agent": "Mozilla/5.0 (Macintosh) facebookexternalhit/1.1 Facebot"}),
        ("GET", {"user-agent": "Slackbot-LinkExpanding 1.0"}),
        ("GET", {"user-agent": "python-requests/2.32"}),
        ("GET", {**PERSON, "sec-purpose": "prefetch;prerender"}),
        ("GET", {**PERSON, "purpose": "prefetch"}),
    ],
)
def test_a_machine_gets_there_and_clicks_nothing(method: str, headers: dict[str, str]) -> None:
    answer, heard = Place().ask(token(), method, headers)
    assert answer.status == 302
    assert heard == []


def test_a_forged_link_learns_nothing() -> None:
    place = Place()
    forged = PayLinks("", "other").token(ATTEMPT, NOW)
    answer, heard = place.ask(forged)
    nonsense, _ = place.ask("no-such-thing")
    off, _ = place.ask(token(), on=False)
    assert answer.status == nonsense.status == off.status == 404
    assert answer.body == nonsense.body == off.body
    assert b"B-1" not in answer.body
    assert b"https://pay.example.com" in answer.body
    assert heard == []


def test_an_expired_link_says_where_bills_are_paid() -> None:
    answer, heard = Place(now=NOW + LINK_LASTS + timedelta(days=1)).ask(token())
    assert (answer.status, heard) == (410, [])
    assert b'href="https://pay.example.com"' in answer.body
    assert b"B-1" not in answer.body
    chinese, _ = Place(bills={}).ask(token(), headers={**PERSON, "accept-language": "zh-CN"})
    assert chinese.status == 410
    assert "此链接已失效" in chinese.body.decode()


def test_whoever_wants_to_pay_is_not_kept_from_it() -> None:
    away = Place()
    away.server.connected = False
    answer, heard = away.ask(token())
    assert (answer.status, heard) == (302, [])
    answer, _ = Place(down=True).ask(token())
    assert answer.status == 503
    assert b"https://pay.example.com" in answer.body


def test_a_strange_bill_makes_no_strange_header() -> None:
    answer, _ = Place(bills={ATTEMPT: "a b\r\nset-cookie: x=1/é"}).ask(token())
    assert (
        answer.headers["location"]
        == "https://pay.example.com/a%20b%0D%0Aset-cookie:%20x%3D1%2F%C3%A9"
    )


def test_only_looking_is_possible() -> None:
    with pytest.raises(Refused, match="only GET"):
        Place().ask(token(), "POST")
