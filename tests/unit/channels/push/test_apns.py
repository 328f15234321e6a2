"""APNs: headers, every reason, and a provider token neither too old nor renewed too soon."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.errors import ChannelSettingsError
from channels.push.apns.answers import outcome_of
from channels.push.apns.errors import VERDICTS
from channels.push.apns.payload import body, headers
from channels.push.apns.provider_token import ProviderToken, read_key
from channels.push.apns.sender import ApnsSender
from channels.transport import Reply
from channels.verdicts import Fault
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain
from tests.unit.channels.push.scenes import (
    ATTEMPT,
    CALLBACKS,
    NOW,
    Scripted,
    account,
    apple_key,
    message,
    pem,
    reply,
)

EXPIRED = reply(403, {"reason": "ExpiredProviderToken"})
SAMPLES: list[tuple[str, Outcome]] = [
    ("BadDeviceToken", Permanent("invalid_token", dead_contact=True)),
    ("DeviceTokenNotForTopic", Permanent("token_of_another_app", dead_contact=True)),
    ("Unregistered", Permanent("unregistered", dead_contact=True)),
    ("TooManyRequests", Transient("rate_limited")),
    ("ServiceUnavailable", Transient("unavailable")),
]


@pytest.mark.skipif(not CALLBACKS.is_file(), reason="no provider-callbacks.json")
def test_every_published_answer_and_reason_is_understood() -> None:
    published = json.loads(CALLBACKS.read_text(encoding="utf-8"))["apns"]
    wanted = dict(SAMPLES)
    for sample in published["bodies"]:
        found = outcome_of(reply(sample["http"], sample["body"]), ATTEMPT, NOW)
        assert found == wanted[sample["body"]["reason"]]
    assert len(published["reasons"]) == 28
    assert set(published["reasons"]) <= VERDICTS.keys()


def test_only_a_token_at_fault_is_dead() -> None:
    dead = {reason for reason, verdict in VERDICTS.items() if verdict.fault is Fault.ADDRESS}
    assert dead == {"BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"}


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (reply(200, None, {"apns-id": "X-1"}), Accepted("X-1")),
        (reply(200), Accepted(ATTEMPT)),
        (reply(410), Permanent("unregistered", dead_contact=True)),
        (reply(403, {"reason": "New"}), Transient("credentials_refused")),
        (reply(429, {"reason": 7}), Transient("apns_429")),
        (reply(400, {"reason": "New"}), Permanent("apns_400")),
        (Reply(500, {}, b"<"), Uncertain("apns_500")),
        (
            reply(503, {"reason": "Shutdown"}, {"retry-after": "9"}),
            Transient("shutdown", timedelta(seconds=9)),
        ),
    ],
)
def test_what_an_answer_means(answer: Reply, wanted: Outcome) -> None:
    assert outcome_of(answer, ATTEMPT, NOW) == wanted


def test_headers_carry_the_attempt_the_topic_and_the_end() -> None:
    found = headers(message(urgency="raised"), "com.example.bills", NOW)
    assert found["apns-id"] == found["apns-collapse-id"] == ATTEMPT
    assert len(ATTEMPT.encode()) <= 64  # Apple's limit of a collapse id
    assert found["apns-topic"] == "com.example.bills"
    assert found["apns-push-type"] == "alert"
    assert found["apns-priority"] == "10"
    assert found["apns-expiration"] == str(int((NOW + timedelta(hours=1)).timestamp()))
    plain = headers(message(expires_at=None), "t", NOW)
    assert plain["apns-priority"] == "5"
    assert "apns-expiration" not in plain


def test_the_body_shows_the_words_and_names_the_attempt() -> None:
    found = json.loads(body(message()))
    assert found["aps"]["alert"] == {"title": "账单提醒", "body": "您的账单明天到期"}
    assert found["attempt"] == ATTEMPT
    assert found["link"] == "https://pay.example.com/b/1"


class Clock:
    """Wall and monotonic alike."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def provider_token(clock: Clock) -> ProviderToken:
    return ProviderToken(apple_key(), "KEY1234567", "TEAM123456", clock, clock)


def test_a_provider_token_is_signed_as_apple_wants_and_kept_50_minutes() -> None:
    clock = Clock()
    token = provider_token(clock)
    first = token.get()
    claims = jwt.decode(
        first, apple_key().public_key(), algorithms=["ES256"], options={"verify_iat": False}
    )
    assert claims == {"iss": "TEAM123456", "iat": 1_000_000}
    assert jwt.get_unverified_header(first)["kid"] == "KEY1234567"
    clock.now += 49 * 60
    assert token.get() == first
    clock.now += 2 * 60
    assert token.get() != first


def test_a_provider_token_is_never_renewed_within_20_minutes() -> None:
    clock = Clock()
    token = provider_token(clock)
    first = token.get()
    clock.now += 19 * 60
    assert not token.renewed(first)
    assert token.get() == first
    clock.now += 2 * 60
    assert token.renewed(first)
    second = token.get()
    assert second != first
    assert token.renewed(first)  # a slower one that was refused with the old one: no third
    assert token.get() == second


@pytest.mark.parametrize(
    ("age_s", "answers", "wanted", "calls"),
    [
        (30 * 60, [EXPIRED, reply(200)], Accepted(ATTEMPT), 2),
        (30 * 60, [EXPIRED, EXPIRED], Transient("credentials_expired"), 2),
        (60, [EXPIRED, reply(200)], Transient("credentials_expired"), 1),
    ],
)
def test_an_expired_provider_token_is_renewed_and_tried_once_more(
    age_s: int, answers: list[Reply | Exception], wanted: Outcome, calls: int
) -> None:
    clock = Clock()
    token = provider_token(clock)
    token.get()
    clock.now += age_s
    http = Scripted(answers)
    sender = ApnsSender(account(), http, token)
    assert asyncio.run(sender.send("abcdef0123", message())) == wanted
    assert len(http.asked) == calls
    method, url, given, _ = http.asked[0]
    assert (method, url) == ("POST", "https://apns.example.com/3/device/abcdef0123")
    assert given["authorization"].startswith("bearer ")


def test_what_apple_would_not_take_is_not_sent() -> None:
    http = Scripted([reply(200)])
    sender = ApnsSender(account(), http)
    assert asyncio.run(sender.send("t", message(text="账" * 1500))) == Permanent("too_long")
    assert http.asked == []


def test_a_key_of_another_curve_is_refused() -> None:
    with pytest.raises(ChannelSettingsError, match="P-256"):
        read_key(pem(ec.generate_private_key(ec.SECP384R1())))
