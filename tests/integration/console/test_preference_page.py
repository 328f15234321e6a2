"""The preference page as a server serves it, on the ledger that the gate reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import Engine, text

from config.settings import Settings
from reminders.domain.customer import Customer
from reminders.domain.identity import customer_id
from reminders.domain.kinds import MessageKind
from reminders.ledger import facts, schema
from reminders.services.intake import Incoming, ingest
from reminders.services.opening import open_resources
from reminders.services.preferences.passes import PATH, preference_pass
from reminders.services.resources import Resources

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def opened(settings: Settings) -> Iterator[Resources]:
    resources = open_resources(settings, role="test")
    with resources.engine.begin() as connection:
        schema.ensure_partitions(connection, datetime.now(UTC))
    yield resources
    resources.engine.dispose()
    resources.redis.close()


@pytest.fixture
def page(opened: Resources, settings: Settings) -> str:
    """The path of C-1's page, whose customer has three channels."""
    return page_of("C-1", opened, settings)


def page_of(ref: str, opened: Resources, settings: Settings) -> str:
    data = {
        "customer_id": ref,
        "language": "zh-CN",
        "time_zone": "Asia/Taipei",
        "jurisdiction": "TW",
        "contact_points": [
            {"channel": "sms", "address": "+8616100000001"},
            {"channel": "email", "address": "person@example.com"},
            {"channel": "in_app"},
        ],
    }
    event = {
        "specversion": "1.0",
        "id": f"evt-{ref}",
        "source": "/bank",
        "type": "customer.updated",
        "time": "2026-03-01T00:00:00Z",
        "data": data,
    }
    ingest(opened, [Incoming("1-0", json.dumps(event).encode(), 0.0)])
    until = datetime.now(UTC) + timedelta(minutes=5)
    return PATH + preference_pass(ref, settings.inbox_key.get_secret_value(), until)


def fetch(door: str, method: str, path: str, body: str = "") -> tuple[HTTPResponse, str]:
    connection = HTTPConnection(urlsplit(door).netloc, timeout=60)
    try:
        connection.request(method, path, body.encode(), FORM)
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def as_the_gate_reads(engine: Engine, ref: str = "C-1") -> Customer:
    number = customer_id(ref)
    with engine.connect() as connection:
        return facts.load(connection, [number], datetime(2026, 1, 1, tzinfo=UTC).date())[
            number
        ].customer


def test_a_click_is_a_fact_before_its_answer_and_the_disclosure_is_kept(
    door: str, page: str, opened: Resources
) -> None:
    """S1.1-S1.3, S1.14: fenced when the answer comes, so that no later gate lets it through; told
    what follows, and kept that it was read."""
    shown, html = fetch(door, "GET", page)
    assert shown.status == 200
    assert "+86161****0001" in html
    assert "8616100000001" not in html
    fields = urlencode({"channel": "sms", "kind": "*", "allowed": "off"})
    answer, html = fetch(door, "POST", page, fields)
    assert as_the_gate_reads(opened.engine).opted_out("sms", MessageKind.PRE_DUE)
    assert answer.status == 200, html
    assert "请定期查看账单" in html
    assert "邮件、站内消息" in html
    seen = html.partition('name="seen" value="')[2].partition('"')[0]
    thanks, html = fetch(door, "POST", f"{page}/acknowledge", urlencode({"seen": seen}))
    assert thanks.status == 200, html
    with opened.engine.connect() as connection:
        rows = connection.execute(text("SELECT version, language, source FROM disclosure")).all()
    (kept,) = (tuple(row) for row in rows)
    assert kept[0].startswith("zh-CN/optout_disclosure.in_app@")
    assert kept[1:] == ("zh-CN", "preference-page")
    last = urlencode({"channel": "email", "kind": "pre_due", "allowed": "off"})
    assert fetch(door, "POST", page, last)[0].status == 200
    refused, html = fetch(door, "POST", page, urlencode({"channel": "in_app", "allowed": "off"}))
    assert refused.status == 409
    assert "站内消息保持开启" in html


def test_one_click_in_a_mail_program_is_a_fact_before_its_answer(
    door: str, opened: Resources, settings: Settings
) -> None:
    """I3, RFC 8058: whoever follows the link changes nothing; the POST ends e-mail, and only it."""
    page = page_of("C-2", opened, settings)
    assert fetch(door, "GET", page)[0].status == 200
    assert not as_the_gate_reads(opened.engine, "C-2").opted_out("email", MessageKind.PRE_DUE)
    for _ in range(2):  # a mail provider may say it twice
        answer, body = fetch(door, "POST", page, "List-Unsubscribe=One-Click")
        assert answer.status == 200, body
        assert answer.getheader("Set-Cookie") is None
        known = as_the_gate_reads(opened.engine, "C-2")
        assert known.opted_out("email", MessageKind.PRE_DUE)
        assert not known.opted_out("sms", MessageKind.PRE_DUE)
