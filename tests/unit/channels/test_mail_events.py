"""Mail events of other providers: signed as they sign, and read for what they mean."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Message, Post
from channels.email.events import Events, mailgun, sendgrid
from channels.email.smtp import EmailChannel, EmailSettings
from channels.errors import ReceiptError
from reminders.domain.outcome import (
    Accepted,
    AttemptState,
    Outcome,
    Receipt,
    ReceiptStatus,
    merge,
)

ATTEMPT = "0192f0c4-7a5e-7000-8000-0123456789ab"
NOW = 1_770_000_000.0
KEY = "signing-key"

# The pair that SendGrid's own libraries are tested with (@sendgrid/eventwebhook 7.2.6).
PUBLISHED = {
    "key": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepx"
    "o7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==",
    "signature": "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRam"
    "r2nlxFDWYNH2j/0=",
    "timestamp": "1588788367",
}
PUBLISHED_BODY = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'


def from_mailgun(event: Mapping[str, object], at: float = NOW, key: str = KEY) -> bytes:
    stamp, token = str(int(at)), "a8ce0edb2dd8301dee6c"
    digest = hmac.new(key.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    signature = {"timestamp": stamp, "token": token, "signature": digest}
    return json.dumps({"signature": signature, "event-data": event}).encode()


def mailgun_event(word: str, **more: object) -> dict[str, object]:
    return {
        "event": word,
        "id": "ref-1",
        "timestamp": NOW + 0.25,
        "recipient": "li@example.com",
        "message": {"headers": {"message-id": f"{ATTEMPT}@lender.example.com"}},
        **more,
    }


def sendgrid_event(word: str, **more: object) -> dict[str, object]:
    return {
        "event": word,
        "sg_event_id": "ref-1",
        "timestamp": int(NOW),
        "email": "li@example.com",
        "smtp-id": f"<{ATTEMPT}@lender.example.com>",
        **more,
    }


def mailgun_receipt(word: str, **more: object) -> Receipt:
    (receipt,) = mailgun.read(from_mailgun(mailgun_event(word, **more))).receipts
    return receipt


def sendgrid_receipt(word: str, **more: object) -> Receipt:
    (receipt,) = sendgrid.read(json.dumps([sendgrid_event(word, **more)]).encode()).receipts
    return receipt


def test_mailgun_signs_timestamp_and_token() -> None:
    body = from_mailgun(mailgun_event("delivered"))
    assert mailgun.verify(KEY, Post(body), NOW)
    assert not mailgun.verify("other", Post(body), NOW)
    assert not mailgun.verify("", Post(from_mailgun({}, key="")), NOW)
    assert not mailgun.verify(KEY, Post(body), NOW + mailgun.TOLERANCE_S + 1)
    assert not mailgun.verify(KEY, Post(body), NOW - mailgun.TOLERANCE_S - 1)
    assert not mailgun.verify(KEY, Post(b"[]"), NOW)
    assert not mailgun.verify(KEY, Post(b'{"signature": {}}'), NOW)


def test_sendgrid_signs_timestamp_and_body() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public = b64encode(spki).decode()
    stamp, body = str(int(NOW)), json.dumps([sendgrid_event("delivered")]).encode()
    signed = b64encode(private.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {sendgrid.SIGNATURE: signed, sendgrid.TIMESTAMP: stamp}
    assert sendgrid.verify(public, Post(body, headers), NOW)
    assert not sendgrid.verify(public, Post(body + b" ", headers), NOW)
    assert not sendgrid.verify(public, Post(body, headers), NOW + sendgrid.TOLERANCE_S + 1)
    assert not sendgrid.verify(public, Post(body, {**headers, sendgrid.SIGNATURE: "%"}), NOW)
    assert not sendgrid.verify(public, Post(body, {}), NOW)
    assert not sendgrid.verify("not a key", Post(body, headers), NOW)


def test_a_sendgrid_event_without_a_message_id_is_known_by_what_the_mail_carried() -> None:
    """Opened, clicked, complained and unsubscribed have no `smtp-id` (sendgrid/docs 5890)."""
    carried = json.loads(sendgrid.headers(ATTEMPT)["X-SMTPAPI"])["unique_args"]
    bare = {**sendgrid_event("spamreport"), **carried}
    del bare["smtp-id"]
    (receipt,) = sendgrid.read(json.dumps([bare]).encode()).receipts
    assert (receipt.attempt_id, receipt.reason) == (ATTEMPT, "complaint")
    (stop,) = sendgrid.read(json.dumps([{**bare, "event": "unsubscribe"}]).encode()).inbound
    assert (stop.attempt_id, stop.text) == (ATTEMPT, "STOP")
    with pytest.raises(ReceiptError, match="no attempt of ours"):
        sendgrid.read(json.dumps([{**bare, "attempt_id": "another's"}]).encode())


@pytest.mark.parametrize("events", Events)
def test_a_mail_carries_what_its_events_are_to_quote(events: Events) -> None:
    taken: list[bytes] = []

    async def scene() -> Outcome:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for reply in (b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go"):
                writer.write(reply + b"\r\n")
                if reply != b"354 go":
                    await reader.readuntil(b"\r\n")
            taken.append(await reader.readuntil(b"\r\n.\r\n"))
            writer.write(b"250 queued\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = EmailSettings("127.0.0.1", port, "bills@lender.example.com", KEY, events=events)
        channel = EmailChannel(settings)
        try:
            return await channel.send(Message(ATTEMPT, "li@example.com", "hi", "en"))
        finally:
            await channel.close()
            server.close()
            await server.wait_closed()

    assert isinstance(asyncio.run(scene()), Accepted)
    found = message_from_bytes(taken[0])["X-SMTPAPI"]
    wanted = sendgrid.headers(ATTEMPT)["X-SMTPAPI"] if events is Events.SENDGRID else None
    assert found == wanted


def test_sendgrids_published_example_is_genuine() -> None:
    headers = {
        sendgrid.SIGNATURE: PUBLISHED["signature"],
        sendgrid.TIMESTAMP: PUBLISHED["timestamp"],
    }
    at = float(PUBLISHED["timestamp"])
    bodies = (PUBLISHED_BODY, PUBLISHED_BODY + b"\r\n")
    assert any(sendgrid.verify(PUBLISHED["key"], Post(body, headers), at) for body in bodies)


@pytest.mark.parametrize(
    ("word", "status"),
    [("delivered", ReceiptStatus.ACCEPTED), ("opened", ReceiptStatus.READ)],
)
def test_mailguns_good_news(word: str, status: ReceiptStatus) -> None:
    receipt = mailgun_receipt(word)
    assert (receipt.attempt_id, receipt.status) == (ATTEMPT, status)
    assert receipt.at.timestamp() == NOW + 0.25


def test_no_mail_is_said_to_be_delivered() -> None:
    """The customer's server took it, and may send it back yet: then the bounce must count."""
    bounce = sendgrid_receipt(
        "bounce", type="bounce", status="5.1.1", reason="550 5.1.1 unknown user"
    )
    for taken in (mailgun_receipt("delivered"), sendgrid_receipt("delivered")):
        accepted = merge(AttemptState.SUBMITTED, AttemptState(taken.status))
        assert merge(accepted, AttemptState(bounce.status)) is AttemptState.UNDELIVERED


def test_a_machine_that_fetches_pictures_reads_nothing() -> None:
    machine = mailgun_event("opened", **{"client-info": {"bot": "apple"}})
    assert not mailgun.read(from_mailgun(machine)).receipts
    fetched = sendgrid_event("open", sg_machine_open=True)
    assert not sendgrid.read(json.dumps([fetched]).encode()).receipts


def test_a_bounce_is_judged_by_the_words_of_the_refusing_server() -> None:
    """A dead address is known; a full or a suspicious one is not declared dead."""
    gone = {"code": 550, "message": "5.1.1 The email account does not exist", "description": ""}
    full = {"code": 552, "message": "5.2.2 mailbox full"}
    hard = mailgun_receipt("failed", severity="permanent", **{"delivery-status": gone})
    soft = mailgun_receipt("failed", severity="permanent", **{"delivery-status": full})
    assert (hard.status, hard.dead_contact) == (ReceiptStatus.UNDELIVERED, True)
    assert (soft.reason, soft.dead_contact) == ("mailbox_full", False)
    assert not mailgun.read(from_mailgun(mailgun_event("failed", severity="temporary"))).receipts
    dead = sendgrid_receipt(
        "bounce", type="bounce", status="5.1.1", reason="550 5.1.1 unknown user"
    )
    shut = sendgrid_receipt("bounce", type="blocked", status="5.7.1", reason="550 user unknown")
    assert dead.dead_contact
    assert not shut.dead_contact


def test_what_the_provider_would_not_send_is_undelivered() -> None:
    dropped = sendgrid_receipt("dropped", reason="Bounced Address")
    assert (dropped.reason, dropped.dead_contact) == ("suppressed_bounce", True)
    barred = mailgun_receipt("failed", severity="permanent", reason="suppress-unsubscribe")
    assert (barred.reason, barred.dead_contact) == ("suppressed_unsubscribe", False)


def test_complaints_bar_the_address_and_unsubscribing_is_a_stop() -> None:
    for receipt in (mailgun_receipt("complained"), sendgrid_receipt("spamreport")):
        assert (receipt.status, receipt.dead_contact) == (ReceiptStatus.DELIVERED, True)
    (stop,) = mailgun.read(from_mailgun(mailgun_event("unsubscribed"))).inbound
    assert (stop.text, stop.sender, stop.attempt_id) == ("STOP", "li@example.com", ATTEMPT)
    (stop,) = sendgrid.read(json.dumps([sendgrid_event("unsubscribe")]).encode()).inbound
    assert stop.text == "STOP"


def test_one_bad_event_of_an_array_costs_not_the_others() -> None:
    foreign = sendgrid_event("delivered", **{"smtp-id": "<x@elsewhere.example.com>"})
    body = json.dumps([foreign, sendgrid_event("delivered"), 7]).encode()
    with pytest.raises(ReceiptError, match="event 0") as caught:
        sendgrid.read(body)
    assert [each.attempt_id for each in caught.value.readable] == [ATTEMPT]


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ("event-data", "event", "message", "headers", "timestamp", "smtp-id")
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_no_json_is_too_strange(found: object) -> None:
    body = json.dumps(found).encode()
    for kind in Events:
        account = EmailSettings("127.0.0.1", 1, "a@lender.example.com", "s")
        channel = EmailChannel(replace(account, events=kind))
        assert not channel.verify(Post(body))
        try:
            channel.hear(Post(body))
        except ReceiptError:
            continue


def test_a_bad_event_does_not_cost_a_stop_beside_it() -> None:
    posted = json.dumps([sendgrid_event("unsubscribe"), {"event": "?"}, "x"]).encode()
    with pytest.raises(ReceiptError) as caught:
        sendgrid.read(posted)
    (stop,) = caught.value.inbound
    assert stop.text == "STOP"


def test_a_stop_of_nobody_is_refused() -> None:
    with pytest.raises(ReceiptError):
        mailgun.read(from_mailgun(mailgun_event("unsubscribed", recipient="")))
    with pytest.raises(ReceiptError):
        sendgrid.read(json.dumps([sendgrid_event("unsubscribe", email=None)]).encode())
