"""Webhooks: where posts may go, what statuses mean, when a receiver is given up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from standardwebhooks import Webhook

from channels.contract import Message, Post
from channels.errors import ChannelSettingsError, ReceiptError
from channels.public_hosts import is_public
from channels.transport import Reply
from channels.webhook import WebhookChannel, WebhookSettings
from channels.webhook.__main__ import main
from channels.webhook.answers import outcome_of
from channels.webhook.signing import verify
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"  # noqa: S105  (made up)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Wire:
    """Keeps what was sent and answers 200."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Mapping[str, str], bytes]] = []

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        self.sent.append((url, headers, body or b""))
        return Reply(200, {}, b"")

    async def close(self) -> None:
        return None


def send(address: str) -> tuple[Outcome, Wire]:
    wire = Wire()
    channel = WebhookChannel(WebhookSettings(SECRET), wire)
    message = Message("att-1", address, "您的账单", "zh-CN", kind="due_soon", link="https://p/1")
    return asyncio.run(channel.send(message)), wire


def test_a_post_is_signed_and_its_id_is_the_attempts() -> None:
    outcome, wire = send("https://hooks.example.com/in?x=%2F1#part")
    assert outcome == Accepted("att-1")
    ((url, headers, body),) = wire.sent
    assert url == "https://hooks.example.com/in?x=%2F1"
    assert headers["webhook-id"] == "att-1"
    assert verify(SECRET, headers, body, datetime.now(UTC))
    event = json.loads(body)
    assert event["type"] == "reminder.due_soon"
    assert event["data"]["text"] == "您的账单"
    assert event["data"]["attempt_id"] == "att-1"


def test_with_own_keys_no_receiver_can_sign_for_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two keys while they change; what the command prints is what a receiver verifies by."""
    old, address = "whsec_b2xkIGtleSBvbGQga2V5IG9sZCBrZXk=", "https://a.example.com/in#x"
    wire = Wire()
    settings = WebhookSettings((SECRET, old), own_keys=True)
    sent = asyncio.run(WebhookChannel(settings, wire).send(Message("att-1", address, "t", "en")))
    assert sent == Accepted("att-1")
    ((_, headers, body),) = wire.sent
    assert main([address], f"{SECRET} {old}\n") == 0
    mine = capsys.readouterr().out.split()
    assert len(mine) == 2
    for each in mine:
        Webhook(each).verify(body, dict(headers))  # the reference library; raises
    assert main(["https://b.example.com/in"], SECRET) == 0
    others = (SECRET, capsys.readouterr().out.strip())
    assert not any(verify(each, headers, body, datetime.now(UTC)) for each in others)


@pytest.mark.parametrize(
    ("arguments", "secrets"), [([], SECRET), (["https://a.example.com"], "whsec_!"), (["x"], "")]
)
def test_the_command_says_in_one_line_what_it_wants(
    arguments: list[str], secrets: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, secrets) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https:///nothing",
        "https://user:pass@hooks.example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://hooks.example.com:99999/",
        "https://例.example.com/",
        "https://hooks.example.com/\r\nX: y",
        "",
    ],
)
def test_nothing_goes_to_what_is_no_public_https_address(address: str) -> None:
    outcome, wire = send(address)
    assert isinstance(outcome, Permanent)
    assert outcome.dead_contact
    assert wire.sent == []


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1"])
def test_a_name_that_leads_to_us_is_refused_when_it_is_looked_up(host: str) -> None:
    async def run() -> Outcome:
        channel = WebhookChannel(WebhookSettings(SECRET, timeout=timedelta(seconds=30)))
        try:
            return await channel.send(Message("att-1", f"https://{host}:1/", "x", "en"))
        finally:
            await channel.close()

    assert asyncio.run(run()) == Permanent("private_address", dead_contact=True)


@pytest.mark.parametrize(
    ("figures", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  (an address to refuse, not to bind)
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses_are_told_from_our_own(figures: str, public: bool) -> None:
    assert is_public(ip_address(figures)) is public


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Accepted("att-1")),
        (302, Permanent("redirected")),
        (400, Permanent("refused_400")),
        (401, Permanent("signature_refused")),
        (410, Permanent("gone", dead_contact=True)),
        (429, Transient("rate limited", timedelta(seconds=7))),
        (500, Transient("receiver 500", timedelta(seconds=7))),
        (502, Uncertain("receiver 502")),
        (504, Uncertain("receiver 504")),
    ],
)
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert outcome_of(Reply(status, {"retry-after": "7"}, b""), "att-1", NOW) == outcome


def test_settings_without_a_key_do_not_open() -> None:
    with pytest.raises(ChannelSettingsError):
        WebhookChannel(WebhookSettings(" "))
    assert WebhookSettings(f"{SECRET} {SECRET}").keys == (SECRET, SECRET)
    assert SECRET not in repr(WebhookSettings((SECRET,)))


def test_nobody_posts_to_us_in_its_name() -> None:
    channel = WebhookChannel(WebhookSettings(SECRET), Wire())
    assert not channel.verify(Post(b"{}"))
    with pytest.raises(ReceiptError):
        channel.hear(Post(b"{}"))
