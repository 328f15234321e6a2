"""Twilio: its signature, its codes, its forms."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Message, Post
from channels.errors import ChannelSettingsError, ReceiptError
from channels.receipts import UNDATED
from channels.sms.faults import Kind
from channels.sms.twilio import TwilioChannel, TwilioSettings
from channels.sms.twilio.answers import outcome_of
from channels.sms.twilio.errors import FAULTS, fault
from channels.sms.twilio.payload import body
from channels.sms.twilio.receipts import STATUSES, hear
from channels.sms.twilio.signature import HEADER, sign, verify
from channels.transport import Reply
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Permanent,
    ReceiptStatus,
    Transient,
    Uncertain,
)

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
CODES, SAMPLES = DATA / "twilio-error-codes.json", DATA / "provider-callbacks.json"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ATTEMPT = "20260301-8f0a-4c4e-9a58-0d6d2a3b4c5d"
DOOR = "https://bills.example.com/v1/receipts/twilio"
ACCOUNT = TwilioSettings("AC1", "12345", DOOR, sender="+12025550100")
CHANNEL = TwilioChannel(ACCOUNT)

# Twilio's own published example, and those of its Python validator's tests.
EXAMPLE = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
    "Caller": "+14158675309",
}


def outcome(status: int, content: object = None, **headers: str) -> Outcome:
    found = {name.replace("_", "-"): value for name, value in headers.items()}
    return outcome_of(Reply(status, found, json.dumps(content).encode()), NOW)


def posted(fields: dict[str, str], query: str = f"attempt={ATTEMPT}") -> Post:
    return Post(urlencode(fields).encode(), url=f"/v1/receipts/twilio?{query}")


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        (EXAMPLE, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (EXAMPLE.replace(".com", ".com:1234"), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (EXAMPLE, "kvajT1Ptam85bY51eRf/AJRuM3w="),  # signed with :443
        (EXAMPLE.replace("https", "http"), "0ZXoZLH/DfblKGATFgpif+LLRf4="),  # signed with :80
        (
            EXAMPLE.replace("https", "http").replace(".com", ".com:1234"),
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
    ],
)
def test_twilios_own_signatures_count(url: str, signature: str) -> None:
    form = urlencode(FIELDS).encode()
    assert verify("12345", url, form, signature)
    assert not verify("12346", url, form, signature)
    assert not verify("12345", url, form + b"&x=", signature)
    assert not verify("", url, form, sign("", url, FIELDS.items()))


def test_a_field_given_twice_counts_each_value_once() -> None:
    form = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
    assert verify("12345", EXAMPLE, form, "IK+Dwps556ElfBT0I3Rgjkr1wJU=")


def test_a_json_body_is_signed_by_its_hash_in_the_address() -> None:
    content = b'{"property": "value", "boolean": true}'
    url = f"{EXAMPLE}&bodySHA256={hashlib.sha256(content).hexdigest()}"
    assert verify("12345", url, content, "a9nBmqA0ju/hNViExpshrM61xv4=")
    assert not verify("12345", url, content + b" ", "a9nBmqA0ju/hNViExpshrM61xv4=")


def test_the_address_that_we_gave_is_what_is_signed_whatever_a_proxy_calls_us() -> None:
    form = urlencode({"MessageStatus": "delivered"}).encode()
    given = sign("12345", f"{DOOR}?attempt={ATTEMPT}", [("MessageStatus", "delivered")])
    inside = f"http://10.0.0.7:8080/v1/receipts/twilio?attempt={ATTEMPT}"
    assert CHANNEL.verify(Post(form, {HEADER: given}, inside))
    other = inside.replace(ATTEMPT, str(uuid4()))
    assert not CHANNEL.verify(Post(form, {HEADER: given}, other))
    assert not CHANNEL.verify(Post(form, {}, inside))


@given(
    st.binary(max_size=60),
    st.text(max_size=40),
    st.text(max_size=30),
)
@settings(max_examples=100, deadline=None)
def test_nothing_verifies_without_the_token(form: bytes, url: str, given_header: str) -> None:
    assert not CHANNEL.verify(Post(form, {HEADER: given_header}, f"http://[{url}"))
    assert not CHANNEL.verify(Post(form, {HEADER: given_header}, url))


def test_every_code_of_the_table_means_what_twilio_says() -> None:
    if not CODES.exists():
        pytest.skip("no twilio-error-codes.json beside the checkout")
    said = {each["code"]: each["message"].lower() for each in json.loads(CODES.read_text())}
    # Codes of the REST API and of accounts, which the list of messaging errors leaves out.
    beside = {14107, 20003, 20005, 20006, 20008, 20404, 20429, 20500, 20503, 21408}
    newer = {21265, 21635, 21659, 21660, 21661, 21705, 21730, 30036}
    assert FAULTS.keys() - said.keys() == beside | newer
    for code, words in (
        (30003, "unreachable destination handset"),
        (30005, "unknown destination handset"),
        (30006, "landline"),
        (30007, "filtered"),
        (21610, "unsubscribed"),
        (21211, "invalid 'to'"),
        (21614, "not a valid mobile"),
        (30022, "rate limits"),
        (30002, "suspended"),
        (21617, "exceeds"),
    ):
        assert words in said[code]
    for code, text in said.items():
        row = fault(code)
        assert row.reason.isidentifier() or row.reason == f"twilio_{code}"
        assert not row.dead_contact or any(
            word in text for word in ("invalid", "not a valid", "unknown", "landline", "appear")
        )


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_each_refusal_follows_its_row(code: int) -> None:
    row = FAULTS[code]
    refused = outcome(400, {"code": code, "status": 400})
    if row.kind is Kind.NEVER:
        assert refused == Permanent(row.reason, row.dead_contact)
    else:
        assert refused == Transient(row.reason)


@pytest.mark.parametrize(
    ("status", "content", "wanted"),
    [
        (201, {"sid": "SM" + "a" * 32}, Accepted("SM" + "a" * 32)),
        (201, {"sid": "<html>"}, Uncertain("accepted with an unreadable body")),
        (200, [], Uncertain("accepted with an unreadable body")),
        (401, {}, Transient("account")),
        (404, {"code": 20404}, Transient("account")),
        (400, {"code": 99999}, Permanent("twilio_99999")),
        (400, {"code": True}, Permanent("refused")),
        (503, {"code": 20503}, Transient("provider_fault")),
        (503, {}, Uncertain("twilio 503")),
        (502, {"code": 20503}, Uncertain("twilio 502")),
        (500, {"code": 30008}, Transient("unknown_error")),
    ],
)
def test_answers(status: int, content: object, wanted: Outcome) -> None:
    assert outcome(status, content) == wanted


def test_too_many_requests_say_when() -> None:
    busy = outcome(429, {"code": 20429}, retry_after="7")
    assert busy == Transient("rate_limited", timedelta(seconds=7))
    assert outcome(429, None, retry_after="7") == busy


def test_the_form_names_the_attempt_and_how_long_it_is_of_use() -> None:
    sent = Message(ATTEMPT, "+8613812345678", "账单 ¥1 & more", "zh-CN")
    fields = parse_qs(body(sent, ACCOUNT).decode(), strict_parsing=True)
    assert fields == {
        "To": ["+8613812345678"],
        "Body": ["账单 ¥1 & more"],
        "From": ["+12025550100"],
        "StatusCallback": [f"{DOOR}?attempt={ATTEMPT}"],
    }
    service = replace(ACCOUNT, sender="", messaging_service_sid="MG1")
    soon = replace(sent, expires_at=NOW + timedelta(hours=2))
    fields = parse_qs(body(soon, service, NOW).decode())
    assert (fields["MessagingServiceSid"], fields["ValidityPeriod"]) == (["MG1"], ["7200"])
    assert "From" not in fields
    for left, period in ((timedelta(seconds=-9), "5"), (timedelta(hours=11), None)):
        found = parse_qs(body(replace(sent, expires_at=NOW + left), ACCOUNT, NOW).decode())
        assert found.get("ValidityPeriod", [None])[0] == period


@pytest.mark.parametrize("changes", [{"sender": ""}, {"messaging_service_sid": "MG1"}])
def test_one_sender_and_only_one(changes: dict[str, str]) -> None:
    with pytest.raises(ChannelSettingsError, match="either"):
        TwilioChannel(replace(ACCOUNT, **changes))  # type: ignore[arg-type]  # fields by name
    with pytest.raises(ChannelSettingsError, match="receipts_url"):
        TwilioChannel(replace(ACCOUNT, receipts_url="bills.example.com"))


def test_the_published_callback_says_that_it_was_not_delivered() -> None:
    if not SAMPLES.exists():
        pytest.skip("no provider-callbacks.json beside the checkout")
    form = json.loads(SAMPLES.read_text(encoding="utf-8"))["twilio"]["form"]
    (receipt,) = CHANNEL.hear(posted(form)).receipts
    assert (receipt.attempt_id, receipt.status) == (ATTEMPT, ReceiptStatus.UNDELIVERED)
    assert (receipt.reason, receipt.dead_contact) == ("unreachable", False)
    assert (receipt.provider_ref, receipt.at) == (form["MessageSid"], UNDATED)


def test_a_message_that_others_sent_is_known_by_twilios_id_alone() -> None:
    (receipt,) = hear(posted({"MessageStatus": "sent", "MessageSid": "SM1"}, query="")).receipts
    assert (receipt.attempt_id, receipt.provider_ref) == ("", "SM1")


@pytest.mark.parametrize(
    ("code", "reason", "dead"),
    [
        ("30005", "unknown_subscriber", True),
        ("30006", "landline", True),
        ("21635", "landline", True),
        ("30014", "twilio_30014", False),
        ("30021", "provider_fault", False),
        ("21660", "sender", False),
        ("21610", "opted_out", False),
        ("30007", "filtered", False),
        ("", "refused", False),
        ("3OOO5", "refused", False),
    ],
)
def test_why_it_did_not_arrive(code: str, reason: str, dead: bool) -> None:
    form = {"MessageStatus": "failed", "MessageSid": "SM1", "ErrorCode": code}
    (receipt,) = hear(posted(form)).receipts
    assert (receipt.reason, receipt.dead_contact) == (reason, dead)


def test_what_a_customer_writes() -> None:
    form = {
        "SmsStatus": "received",
        "From": "+8613812345678",
        "Body": "停 STOP",
        "MessageSid": "SM9",
    }
    told = hear(posted(form, query=""))
    assert told.inbound == (Inbound("+8613812345678", "停 STOP", UNDATED, "SM9"),)
    assert not told.receipts
    with pytest.raises(ReceiptError):
        hear(posted(form | {"From": ""}, query=""))


@pytest.mark.parametrize(
    ("took_it_for", "text"), [("STOP", "STOP"), ("START", "START"), ("", "BAJA"), ("odd", "BAJA")]
)
def test_a_word_of_the_accounts_own_means_what_twilio_took_it_for(
    took_it_for: str, text: str
) -> None:
    """Advanced Opt-Out: Twilio sends this number nothing any more, and no other provider may."""
    form = {"SmsStatus": "received", "From": "+34600000000", "Body": "BAJA", "MessageSid": "SM9"}
    (said,) = hear(posted(form | {"OptOutType": took_it_for}, query="")).inbound
    assert said.text == text


@given(
    st.dictionaries(
        st.sampled_from(
            ["MessageStatus", "SmsStatus", "ErrorCode", "MessageSid", "From", "Body", "x"]
        ),
        st.sampled_from([*STATUSES, "received", "30005"]) | st.text(max_size=30),
        max_size=6,
    )
    | st.binary(max_size=60),
    st.sampled_from([f"attempt={ATTEMPT}", "attempt=", "", "attempt=a&attempt=b"]) | st.text(),
)
@settings(max_examples=100, deadline=None)
def test_garbage_raises_receipt_errors_only(form: dict[str, str] | bytes, query: str) -> None:
    content = form if isinstance(form, bytes) else urlencode(form, errors="replace").encode()
    try:
        told = hear(Post(content, url=f"/v1/receipts/twilio?{query}"))
    except ReceiptError:
        return
    assert all(receipt.attempt_id or receipt.provider_ref for receipt in told.receipts)
    assert all(inbound.sender and inbound.ref for inbound in told.inbound)
