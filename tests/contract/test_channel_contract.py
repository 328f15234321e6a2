"""What every channel must do, whatever it speaks: one suite, one row per channel."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.contract import Channel, Message, Post, WhenUncertain
from channels.email.smtp import EmailChannel, EmailSettings
from channels.errors import ReceiptError
from channels.in_app import InAppChannel, InAppSettings
from channels.receipts import UNDATED
from channels.sandbox.journal import Json
from channels.signature import HEADER
from channels.sms.gateway import SmsChannel, SmsSettings
from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Receipt,
    ReceiptStatus,
    Transient,
    Uncertain,
    Unsent,
)
from tests.contract.carriers import PATIENT, TIMEOUT, World, closed_port, message, play
from tests.contract.row import Row
from tests.contract.rows import FURTHER

T = TypeVar("T")
Line = dict[str, Json]


ROWS = (
    Row(
        name="sms",
        make=lambda world: SmsChannel(world.sms),
        make_unreachable=lambda world: SmsChannel(
            replace(world.sms, base_url=f"http://127.0.0.1:{closed_port()}")
        ),
        good="+8610012345678",
        refused="+8610212345678",
        busy="+8610312345678",
        retry_after=timedelta(seconds=30),
        hangs="+8610512345678",
        status_word="DELIVRD",
        signed_with="sms-secret",
    ),
    Row(
        name="email",
        make=lambda world: EmailChannel(world.email),
        make_unreachable=lambda world: EmailChannel(replace(world.email, port=closed_port())),
        good="li@deliver.example.com",
        refused="li@reject.example.com",
        busy="li@greylist.example.com",
        retry_after=timedelta(minutes=5),
        hangs="li@hang.example.com",
        status_word="opened",
        status=ReceiptStatus.READ,
        signed_with="email-secret",
    ),
    Row(
        name="in_app",
        make=lambda world: InAppChannel(world.in_app),
        make_unreachable=None,
        good="customer-1",
        status_word="read",
        status=ReceiptStatus.READ,
        signed_with="inbox-secret",
    ),
    *FURTHER,
)
CALLING = tuple(row for row in ROWS if row.make_unreachable is not None)

# Channels that are only asked to read: they hold no connection.
OFFLINE: dict[str, Channel] = {
    "sms": SmsChannel(SmsSettings("http://127.0.0.1:1", "t", "s")),
    "email": EmailChannel(EmailSettings("127.0.0.1", 1, "a@lender.example.com", "s")),
    "in_app": InAppChannel(InAppSettings("s")),
    **{row.name: row.offline() for row in FURTHER if row.offline},
}

every_channel = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_calling_channel = pytest.mark.parametrize("row", CALLING, ids=lambda row: row.name)


def with_channel(
    row: Row,
    folder: Path,
    scene: Callable[[Channel, World], Awaitable[T]],
    timeout: timedelta = PATIENT,
) -> T:
    async def run(world: World) -> T:
        channel = row.make(world)
        try:
            return await scene(channel, world)
        finally:
            await channel.close()

    return play(folder, run, row.lines, timeout)


def journal(folder: Path, name: str) -> list[Line]:
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


async def _send(sent: Message, channel: Channel, _: World) -> Outcome:
    return await channel.send(sent)


@every_channel
def test_accepts(row: Row, tmp_path: Path) -> None:
    outcome = with_channel(row, tmp_path, lambda channel, _: channel.send(message(row.good)))
    assert isinstance(outcome, Accepted)
    assert outcome.ref


@every_calling_channel
def test_carries_the_attempt_id_and_the_whole_text(row: Row, tmp_path: Path) -> None:
    sent = message(row.good)
    with_channel(row, tmp_path, lambda channel, _: channel.send(sent))
    (request,) = (line for line in journal(tmp_path, row.name) if line["kind"] == "request")
    if row.tells_why:
        assert request["reference"] == request["key"] == sent.idempotency_key
        assert request["to"] == row.good
    assert request["text"] == row.on_wire(sent.text)


@every_calling_channel
def test_refusal_for_good_blames_the_contact(row: Row, tmp_path: Path) -> None:
    outcome = with_channel(row, tmp_path, lambda channel, _: channel.send(message(row.refused)))
    assert isinstance(outcome, Permanent)
    assert outcome.dead_contact


@every_calling_channel
def test_an_impossible_address_is_refused_without_a_call(row: Row, tmp_path: Path) -> None:
    for address in ("", "no body", "+86\r\n", "a@b.example.com\r\nRCPT TO:<x@y.example.com>"):
        sent = message(address)
        outcome = with_channel(row, tmp_path, partial(_send, sent))
        assert isinstance(outcome, Permanent)
    assert journal(tmp_path, row.name) == []


@every_calling_channel
def test_busy_is_transient_then_fine(row: Row, tmp_path: Path) -> None:
    async def scene(channel: Channel, _: World) -> tuple[object, object]:
        return await channel.send(message(row.busy)), await channel.send(message(row.busy))

    first, second = with_channel(row, tmp_path, scene)
    assert isinstance(first, Transient)
    assert first.retry_after == row.retry_after
    assert isinstance(second, Accepted)


@every_calling_channel
def test_silence_after_the_bytes_left_is_uncertain(row: Row, tmp_path: Path) -> None:
    async def scene(channel: Channel, _: World) -> object:
        return await channel.send(message(row.hangs))

    assert isinstance(with_channel(row, tmp_path, scene, TIMEOUT), Uncertain)


@every_calling_channel
def test_asking_after_silence_tells_only_the_truth(row: Row, tmp_path: Path) -> None:
    async def scene(channel: Channel, _: World) -> None:
        sent = message(row.hangs)
        await channel.send(sent)
        answer = await channel.ask(sent.idempotency_key)
        unknown = await channel.ask(str(uuid4()))
        if channel.capabilities.when_uncertain is WhenUncertain.ASK:
            assert isinstance(answer, Accepted)
            assert isinstance(unknown, Unsent)
        else:
            assert answer is None
            assert unknown is None

    with_channel(row, tmp_path, scene, TIMEOUT)


@every_calling_channel
def test_nobody_listening_is_transient_and_quick(row: Row, tmp_path: Path) -> None:
    assert row.make_unreachable is not None
    unreachable = replace(row, make=row.make_unreachable)
    began = time.monotonic()
    outcome = with_channel(
        unreachable, tmp_path, lambda channel, _: channel.send(message(row.good))
    )
    assert isinstance(outcome, Transient)
    assert outcome.reason.startswith("connect") or not row.tells_why
    assert time.monotonic() - began < PATIENT.total_seconds()


@every_calling_channel
def test_nothing_begins_after_its_time(row: Row, tmp_path: Path) -> None:
    late = message(row.good, start_by=time.monotonic() - 0.001)
    outcome = with_channel(row, tmp_path, lambda channel, _: channel.send(late))
    assert isinstance(outcome, Unsent)
    assert journal(tmp_path, row.name) == []


@every_channel
def test_the_same_receipt_twice_reads_the_same(row: Row, tmp_path: Path) -> None:
    attempt = str(uuid4())
    entry = {"reference": attempt, "status": row.status_word, "at": "2026-03-02T16:00:05+08:00"}

    async def scene(channel: Channel, _: World) -> None:
        if not row.status_word:  # it has no receipts: nothing is one
            with pytest.raises(ReceiptError):
                channel.hear(row.post_of([entry]))
            return
        (one,) = channel.hear(row.post_of([entry])).receipts
        (again,) = channel.hear(row.post_of([entry])).receipts
        assert one == again
        if row.arrays:
            assert list(channel.hear(row.post_of([entry, entry])).receipts) == [one, one]
        if channel.capabilities.quotes_ref:
            assert (one.attempt_id, one.provider_ref) == ("", attempt)
        else:
            assert one.attempt_id == attempt
        assert one.status is row.status
        assert one.at == (datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC) if row.says_when else UNDATED)
        assert one.at.tzinfo is UTC

    with_channel(row, tmp_path, scene)


@every_channel
def test_one_bad_receipt_does_not_cost_the_others(row: Row, tmp_path: Path) -> None:
    good = {"reference": str(uuid4()), "status": row.status_word, "at": "2026-03-02T08:00:00Z"}
    bad = ({**good, "status": "?"}, {**good, "at": "soon"}, {**good, "reference": 7}, [good], None)

    async def scene(channel: Channel, _: World) -> None:
        for entry in bad if row.says_when else (bad[0], *bad[2:]):
            entries = [good, entry, good] if row.arrays and row.status_word else [entry]
            with pytest.raises(ReceiptError) as caught:
                channel.hear(row.post_of(entries))
            assert len(caught.value.readable) == len(entries) - 1

    with_channel(row, tmp_path, scene)


@every_channel
def test_only_a_fresh_signature_of_this_body_counts(row: Row, tmp_path: Path) -> None:
    body = b'[{"reference": "x"}]'

    async def scene(channel: Channel, _: World) -> None:
        now = int(time.time())
        signed = row.signed(row.signed_with, body, now)
        assert channel.verify(signed) is row.posted
        if not row.posted:
            return
        assert channel.verify(
            replace(signed, headers={name.title(): each for name, each in signed.headers.items()})
        )
        assert not channel.verify(row.signed("another", body, now))
        assert not channel.verify(Post(body, {}))
        if not row.signs:
            return
        assert not channel.verify(replace(signed, body=body + b" "))
        if row.dated:
            assert not channel.verify(row.signed(row.signed_with, body, now - 301))
            assert not channel.verify(row.signed(row.signed_with, body, now + 320))
        for name in (HEADER, *signed.headers):
            assert not channel.verify(Post(body, {name: "t=é,v1=é"}, signed.url))

    with_channel(row, tmp_path, scene)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_garbage_raises_receipt_errors_only(row: Row, data: st.DataObject) -> None:
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    names = st.sampled_from(["reference", "status", "at", "id", "error", "code"])
    known = st.sampled_from([row.status_word, str(uuid4()), "2026-03-02T08:00:00Z", "5.1.1"])
    entry = st.dictionaries(names, leaf | known, max_size=6)
    nested = st.recursive(leaf | entry, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
    body = data.draw(
        st.binary(max_size=60)
        | nested.map(lambda value: json.dumps(value).encode())
        | st.sampled_from([b"", b"[" * 100_000, b'{"reference":"\\ud800"}', b"1" * 5000])
    )
    parse = OFFLINE[row.name].hear
    try:
        receipts = parse(Post(body)).receipts
    except ReceiptError as error:
        receipts = error.readable
    assert all(isinstance(receipt, Receipt) and receipt.at.tzinfo for receipt in receipts)


@every_calling_channel
def test_personal_fields_and_secrets_stay_out_of_reprs_and_logs(
    row: Row, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = message(row.good, html="", headers={"List-Unsubscribe": "<https://x.example.com/u>"})

    async def scene(channel: Channel, world: World) -> str:
        outcomes = [
            await channel.send(replace(sent, address=address))
            for address in (row.good, row.refused, row.busy, row.hangs)
        ]
        accounts = (world.sms, world.email, world.in_app, *world.accounts.values())
        return repr((sent, *accounts, outcomes, channel))

    shown = with_channel(row, tmp_path, scene, TIMEOUT) + caplog.text
    for personal in (
        row.good,
        row.refused,
        row.busy,
        row.hangs,
        "1,234.56",
        "账单",
        "example.com/u",
    ):
        assert personal not in shown
    for secret in (*row.secrets, "sms-token", "sms-secret", "email-secret", "inbox-secret"):
        assert secret not in shown


_RECEIPTED = (
    (ROWS[0], "+8610012345678", {ReceiptStatus.DELIVERED}, False),
    (ROWS[0], "+8610512345678", {ReceiptStatus.DELIVERED}, False),
    (ROWS[0], "+8610612345678", {ReceiptStatus.DELIVERED, ReceiptStatus.ACCEPTED}, False),
    (ROWS[0], "+8610812345678", {ReceiptStatus.UNDELIVERED}, False),
    (ROWS[1], "li@bounce.example.com", {ReceiptStatus.UNDELIVERED}, True),
    (ROWS[1], "li@opens.example.com", {ReceiptStatus.READ}, False),
    *((row, *told) for row in FURTHER for told in row.receipted),
)


def _kept(headers: Mapping[str, str]) -> Mapping[str, str]:
    """What the stream keeps of a post's headers."""
    kind = headers.get("content-type", "")
    return {"content-type": kind} if kind != "application/json" else {}


@pytest.mark.parametrize(("row", "address", "statuses", "dead"), _RECEIPTED)
def test_what_the_carrier_posts_is_signed_and_readable(
    row: Row, address: str, statuses: set[ReceiptStatus], dead: bool, tmp_path: Path
) -> None:
    sent = message(address)

    async def scene(channel: Channel, world: World) -> None:
        await channel.send(sent)
        await world.advance(timedelta(minutes=10))
        receipts: list[Receipt] = []
        for path, body, headers in world.door.posts:
            path, _, query = path.partition("?")
            assert path == f"/v1/receipts/{channel.name}"
            url = f"{world.door_url}{path}?{query}" if query else f"{world.door_url}{path}"
            assert channel.verify(Post(body, headers, url))
            receipts += channel.hear(Post(body, _kept(headers), url if query else "")).receipts
        if channel.capabilities.quotes_ref:
            assert len({receipt.provider_ref for receipt in receipts}) == 1
        else:
            assert {receipt.attempt_id for receipt in receipts} == {sent.idempotency_key}
        assert {receipt.status for receipt in receipts} == statuses
        assert any(receipt.dead_contact for receipt in receipts) is dead

    with_channel(row, tmp_path, scene, TIMEOUT if address == row.hangs else PATIENT)
