"""Callbacks in: only what a known provider signed, whole, and once on the stream."""

from __future__ import annotations

import time

import pytest

from channels.signature import HEADER, sign
from reminders.services.streams import RECEIPTS_STREAM
from tests.unit.console.asgi_client import Answer, call, run
from tests.unit.console.conftest import House

BODY = b'[{"reference":"x", "status":"delivered"}, {"\xff": 1}]'


async def post(house: House, body: bytes, signature: str, provider: str = "sms-gateway") -> Answer:
    return await call(house.app, "POST", f"/v1/receipts/{provider}", body, {HEADER: signature})


def test_a_signed_body_is_kept_whole(house: House) -> None:
    assert run(post(house, BODY, sign("s3cret", BODY))).status == 200
    (entry,) = run(house.stream(RECEIPTS_STREAM))
    assert (entry[b"b"], entry[b"p"], entry[b"s"]) == (BODY, b"sms-gateway", b"1")
    assert abs(float(entry[b"t"]) - time.time()) < 60


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1,v1=00",
        sign("other", BODY),
        sign("s3cret", BODY + b" "),
        sign("s3cret", BODY, int(time.time()) - 86_400),
        sign("s3cret", BODY, int(time.time()) + 86_400),
        sign("s3cret", BODY).replace("v1=", "v1=é"),
    ],
)
def test_what_is_not_signed_by_the_provider_now_is_refused(house: House, signature: str) -> None:
    assert run(post(house, BODY, signature)).status == 401
    assert run(house.stream(RECEIPTS_STREAM)) == []


@pytest.mark.parametrize("provider", ["nobody", "", "unset", "in_app", "sms-gateway/x"])
def test_unknown_providers_have_no_door(house: House, provider: str) -> None:
    assert run(post(house, BODY, sign("", BODY), provider)).status == 404


def test_without_redis_the_provider_is_asked_to_come_again(house: House) -> None:
    house.server.connected = False
    assert run(post(house, BODY, sign("s3cret", BODY))).status == 503
