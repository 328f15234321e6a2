"""The simulated SMS providers beside the contract: bad signatures, batches, what customers say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from channels.contract import BatchChannel, Channel, Post
from channels.registry import Account, build
from channels.sandbox.aliyun_line import AliyunLine
from channels.sandbox.gateway_line import GatewayLine
from channels.sandbox.sms_desk import INBOUND_PATH
from channels.sandbox.tencent_line import TencentLine
from channels.sandbox.twilio_line import TwilioLine
from channels.sms.aliyun import AliyunSettings
from channels.sms.tencent import TencentSettings
from channels.sms.twilio import TwilioSettings
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Permanent,
    ReceiptStatus,
    Transient,
)
from tests.contract.carriers import World, message, play

Line = AliyunLine | TencentLine | TwilioLine | GatewayLine
NAME = "further"
ADAPTERS = ("aliyun-sms", "tencent-sms", "twilio-sms")
every_provider = pytest.mark.parametrize("adapter", ADAPTERS)


def account_of(world: World) -> Account:
    return world.accounts[NAME]


def run(
    folder: Path, adapter: str, scene: Callable[[World, Channel], object], change: object = None
) -> object:
    """Play `scene` with the channel of the line's account, after `change` of its settings."""

    async def whole(world: World) -> object:
        account = account_of(world)
        if callable(change):
            account = change(account)
        (channel,) = build([account]).values()
        try:
            return await scene(world, channel)  # type: ignore[misc]  # scenes are coroutines
        finally:
            await channel.close()

    return play(folder, whole, ((adapter, NAME),))


def _with_wrong_key(account: Account) -> Account:
    if isinstance(account, AliyunSettings):
        return replace(account, access_key_secret="wrong")  # noqa: S106  # no secret: it is wrong
    if isinstance(account, TencentSettings):
        return replace(account, secret_key="wrong")  # noqa: S106  # no secret: it is wrong
    return replace(cast(TwilioSettings, account), auth_token="wrong")  # noqa: S106  # the same


def _heard(world: World, channel: Channel) -> list[Inbound]:
    found: list[Inbound] = []
    for target, body, headers in world.door.posts:
        post = Post(body, headers, f"{world.door_url}{target}")
        assert channel.verify(post)
        kept = {"content-type": headers.get("content-type", "")}
        found += channel.hear(Post(body, kept, target)).inbound
    return found


@every_provider
def test_a_call_under_the_wrong_key_is_our_accounts_fault(adapter: str, tmp_path: Path) -> None:
    async def scene(world: World, channel: Channel) -> Outcome:
        return await channel.send(message("+8610012345678"))

    assert run(tmp_path, adapter, scene, _with_wrong_key) == Transient("account")
    assert (tmp_path / f"{NAME}.jsonl").read_text() == ""


@every_provider
def test_a_refused_key_opens_no_callback_either(adapter: str, tmp_path: Path) -> None:
    async def scene(world: World, channel: Channel) -> None:
        await channel.send(message("+8610012345678"))
        await world.advance(timedelta(minutes=10))
        assert world.door.posts
        stranger = {
            "aliyun-sms": {"receipts_secret": "x"},
            "tencent-sms": {"receipts_secret": "x"},
            "twilio-sms": {"auth_token": "x"},
        }[adapter]
        account = replace(account_of(world), **stranger)  # type: ignore[type-var]  # a dataclass
        (other,) = build([account]).values()
        for target, body, headers in world.door.posts:
            post = Post(body, headers, f"{world.door_url}{target}")
            assert channel.verify(post)
            assert not other.verify(post)
            assert not channel.verify(replace(post, url=target.partition("?")[0]))

    run(tmp_path, adapter, scene)


@pytest.mark.parametrize("adapter", [*ADAPTERS, "sms-gateway"])
def test_what_a_customer_writes_is_posted_and_heard(adapter: str, tmp_path: Path) -> None:
    async def scene(world: World, channel: Channel) -> list[Inbound]:
        (line,) = world.sandbox.lines
        url = f"{cast(Line, line).url}{INBOUND_PATH}"
        said = {"from": "+8610012345678", "text": "退订"}
        async with aiohttp.ClientSession() as session:
            async with session.post(url, data=json.dumps(said)) as response:
                assert response.status == 202
            async with session.post(url, data=b"[") as response:
                assert response.status == 400
        cast(Line, line).write_back("+8610087654321", "hello")
        await world.advance(timedelta(0))
        return _heard(world, channel)

    found = cast(list[Inbound], run(tmp_path, adapter, scene))
    assert {(each.sender, each.text) for each in found} == {
        ("+8610012345678", "退订"),
        ("+8610087654321", "hello"),
    }
    assert len({each.ref for each in found}) == 2


def test_ten_messages_share_a_call_of_aliyun_and_each_receipt_finds_its_attempt(
    tmp_path: Path,
) -> None:
    sent = [message(f"+8610012345{number:03d}", text=f"bill {number}") for number in range(20)]

    async def scene(world: World, channel: Channel) -> dict[str, ReceiptStatus]:
        outcomes = await cast(BatchChannel, channel).send_many(sent)
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert len({cast(Accepted, outcome).ref for outcome in outcomes}) <= 3
        await world.advance(timedelta(minutes=10))
        return {
            receipt.attempt_id: receipt.status
            for _, body, _ in world.door.posts
            for receipt in channel.hear(Post(body)).receipts
        }

    found = run(tmp_path, "aliyun-sms", scene)
    assert found == {each.idempotency_key: ReceiptStatus.DELIVERED for each in sent}
    lines = [json.loads(line) for line in (tmp_path / f"{NAME}.jsonl").read_text().splitlines()]
    asked = {line["reference"]: line["text"] for line in lines if line["kind"] == "request"}
    assert asked == {each.idempotency_key: each.text for each in sent}


def test_one_number_of_a_batch_that_is_refused_is_refused_alone(tmp_path: Path) -> None:
    sent = [message("+8610012345678"), message("+8610212345678"), message("+8610012345679")]

    async def scene(world: World, channel: Channel) -> list[type[Outcome]]:
        outcomes = await cast(BatchChannel, channel).send_many(sent)
        return [type(outcome) for outcome in outcomes]

    def batch(account: Account) -> Account:
        return replace(cast(TencentSettings, account), batch=10)

    wanted = [Accepted, Permanent, Accepted]
    assert run(tmp_path / "aliyun", "aliyun-sms", scene) == wanted
    assert run(tmp_path / "tencent", "tencent-sms", scene, batch) == wanted
