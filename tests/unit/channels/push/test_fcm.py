"""FCM: what is asked, what its errors mean, and whose token is renewed."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import timedelta
from urllib.parse import parse_qs

import jwt
import pytest

from channels.errors import AnswerLost, NotConnected
from channels.push.fcm.answers import outcome_of
from channels.push.fcm.payload import body
from channels.push.fcm.sender import FcmSender
from channels.transport import Reply
from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
    Unsent,
)
from tests.unit.channels.push.scenes import (
    ATTEMPT,
    CALLBACKS,
    GRANTED,
    GRANTS_AT,
    NOW,
    Scripted,
    account,
    google_key,
    message,
    reply,
)

_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD = "type.googleapis.com/google.rpc.BadRequest"
TAKEN = reply(200, {"name": "projects/bills/messages/0:1"})
UNAUTHENTICATED = reply(401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}})


def error(status: int, code: str, own: str = "", field: str = "") -> Reply:
    details: list[object] = [{"@type": _FCM, "errorCode": own}] if own else []
    if field:
        details.append({"@type": _BAD, "fieldViolations": [{"field": field, "description": "x"}]})
    return reply(status, {"error": {"code": status, "status": code, "details": details}})


@pytest.mark.skipif(not CALLBACKS.is_file(), reason="no provider-callbacks.json")
def test_a_bad_request_of_ours_is_told_from_a_dead_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Same code, same status: the published samples differ by the kind of detail alone."""
    ours, dead = json.loads(CALLBACKS.read_text(encoding="utf-8"))["fcm_v1"]["bodies"]
    with caplog.at_level(logging.ERROR):
        assert outcome_of(reply(400, ours), NOW) == Permanent("bad_request")
    assert "message.data[0].value" in caplog.text
    assert outcome_of(reply(400, dead), NOW) == Permanent("invalid_token", dead_contact=True)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (TAKEN, Accepted("projects/bills/messages/0:1")),
        (reply(200, {}), Uncertain("accepted with an unreadable body")),
        (Reply(200, {}, b"<html>"), Uncertain("accepted with an unreadable body")),
        (error(404, "NOT_FOUND", "UNREGISTERED"), Permanent("unregistered", True)),
        (
            error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.token"),
            Permanent("invalid_token", True),
        ),
        (
            error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "message.android.ttl"),
            Permanent("bad_request"),
        ),
        (error(400, "INVALID_ARGUMENT"), Permanent("bad_request")),
        (error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), Permanent("sender_id_mismatch")),
        (
            error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
            Transient("rate_limited", timedelta(minutes=1)),
        ),
        (error(503, "UNAVAILABLE", "UNAVAILABLE"), Transient("unavailable")),
        (error(500, "INTERNAL", "INTERNAL"), Transient("internal")),
        (
            error(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
            Transient("third_party_auth_error"),
        ),
        (error(403, "PERMISSION_DENIED"), Transient("permission_denied")),
        (error(404, "NOT_FOUND"), Transient("no_such_project")),
        (Reply(404, {}, b"<html>"), Permanent("fcm_404")),
        (Reply(500, {}, b""), Uncertain("fcm_500")),
        (Reply(502, {}, b"<html>"), Uncertain("fcm_502")),
        (Reply(503, {"retry-after": "7"}, b"[]"), Transient("fcm_503", timedelta(seconds=7))),
    ],
)
def test_what_an_answer_means(answer: Reply, wanted: Outcome) -> None:
    assert outcome_of(answer, NOW) == wanted


@pytest.mark.parametrize(
    "said",
    [
        "Android message is too big",
        "iOS message is too big",
        "Message is too large. The maximum is 4K (4096 bytes).",
    ],
)
def test_what_was_too_long_kills_no_device(said: str) -> None:
    """FCM answers it as it does a token that is none: FcmError, and no field."""
    details = [{"@type": _FCM, "errorCode": "INVALID_ARGUMENT"}]
    body = {"code": 400, "status": "INVALID_ARGUMENT", "message": said, "details": details}
    assert outcome_of(reply(400, {"error": body}), NOW) == Permanent("too_long")


def test_says_how_long_and_how_urgently_and_under_which_id() -> None:
    device = "0123456789"
    sent = json.loads(body(message(urgency="high"), device, NOW))["message"]
    assert sent["token"] == device
    assert sent["notification"] == {"title": "账单提醒", "body": "您的账单明天到期"}
    assert sent["data"]["attempt"] == ATTEMPT
    assert sent["data"]["link"] == "https://pay.example.com/b/1"
    assert sent["android"]["priority"] == "HIGH"
    assert sent["android"]["ttl"] == "3600s"
    assert sent["android"]["collapse_key"] == sent["android"]["notification"]["tag"] == ATTEMPT
    assert all(isinstance(value, str) for value in sent["data"].values())


@pytest.mark.parametrize("left", [None, timedelta(0), timedelta(days=-400)])
def test_a_life_that_another_clock_ended_is_left_to_the_platform(left: timedelta | None) -> None:
    sent = message(expires_at=None if left is None else NOW + left)
    assert "ttl" not in json.loads(body(sent, "tok", NOW))["message"]["android"]
    far = message(expires_at=NOW + timedelta(days=900))
    assert json.loads(body(far, "tok", NOW))["message"]["android"]["ttl"] == f"{28 * 86400}s"


def play(sent: int, *answers: Reply | Exception) -> tuple[list[Outcome], Scripted]:
    http = Scripted(list(answers))

    async def run() -> list[Outcome]:
        sender = FcmSender(account(), http)
        found = await asyncio.gather(*(sender.send("tok", message()) for _ in range(sent)))
        await sender.close()
        return found

    return asyncio.run(run()), http


def test_one_token_serves_many_and_is_asked_for_as_google_wants() -> None:
    outcomes, http = play(5, GRANTED, TAKEN)
    assert outcomes == [Accepted("projects/bills/messages/0:1")] * 5
    (asked,) = [each for each in http.asked if each[1] == GRANTS_AT]
    form = parse_qs(asked[3].decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        form["assertion"][0], google_key().public_key(), algorithms=["RS256"], audience=GRANTS_AT
    )
    assert claims["iss"] == "reminders@example.com"
    assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 60
    assert http.asked[1][1] == "https://fcm.example.com/v1/projects/bills/messages:send"
    assert http.asked[1][2]["Authorization"] == "Bearer tok"


def test_a_refused_token_is_renewed_once() -> None:
    outcomes, http = play(1, GRANTED, UNAUTHENTICATED, GRANTED, TAKEN)
    assert outcomes == [Accepted("projects/bills/messages/0:1")]
    assert len(http.asked) == 4
    outcomes, http = play(1, GRANTED, UNAUTHENTICATED, GRANTED, UNAUTHENTICATED)
    assert outcomes == [Transient("credentials_refused")]
    assert len(http.asked) == 4


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (NotConnected("connect: OSError"), Transient("connect: OSError")),
        (AnswerLost("timed out"), Transient("token: no answer")),
        (reply(400, {"error": "invalid_grant"}), Transient("credentials refused (400)")),
        (reply(503, {}), Transient("token endpoint 503")),
        (reply(200, {"access_token": 7}), Transient("credentials refused (200)")),
        (reply(200, {"access_token": "a\r\nb"}), Transient("credentials refused (200)")),
        (Reply(200, {}, b"["), Transient("credentials refused (200)")),
    ],
)
def test_without_a_token_surely_nothing_left(answer: Reply | Exception, wanted: Outcome) -> None:
    outcomes, http = play(3, answer)
    assert outcomes == [wanted] * 3
    assert [each[1] for each in http.asked] == [GRANTS_AT]  # and it is asked for once


def test_lost_after_it_left_is_uncertain() -> None:
    outcomes, _ = play(1, GRANTED, AnswerLost("closed"))
    assert outcomes == [Uncertain("no answer: closed")]


def test_what_the_platform_would_not_take_is_not_sent() -> None:
    http = Scripted([GRANTED])

    async def run() -> list[Outcome]:
        sender = FcmSender(account(), http)
        return [
            await sender.send("tok", message(text="账" * 1500)),
            await sender.send("tok", message(start_by=time.monotonic() - 1)),
        ]

    long, late = asyncio.run(run())
    assert long == Permanent("too_long")
    assert isinstance(late, Unsent)
    assert http.asked == []
