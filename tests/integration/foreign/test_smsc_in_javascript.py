"""SMPP against a message centre that others wrote (npm `smpp`): receipts lost, late, doubled, out
of order and before their answer; ids in two forms; connections that end."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import uvloop

from channels.contract import Message, Post
from channels.sms.smpp import SmppChannel, SmppSettings
from channels.sms.smpp.settings import Bind, MessageId
from reminders.domain.outcome import (
    Accepted,
    AttemptState,
    Inbound,
    Outcome,
    Receipt,
    Transient,
    Uncertain,
    merge,
)

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules" / "smpp").exists(),
    reason="needs Node.js, and `npm ci` in tests/integration/foreign",
)
NUMBER = "+861380000000"
LONG = "您的账单 ¥1,234.56 明天到期。😀" * 8
SETTINGS = SmppSettings(
    host="127.0.0.1",
    port=0,
    system_id="bills",
    password="secret",  # noqa: S106 - of the centre below
    source="10690000",
    message_id=MessageId.HEX_TO_DEC,
    timeout=timedelta(seconds=30),
)
S = AttemptState


class Centre:
    """The process, what it is told, and what it tells."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [str(NODE), str(HERE / "smsc.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(json.loads(self._process.stdout.readline())["port"])
        self._told: list[dict[str, object]] = []

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def told(self) -> list[dict[str, object]]:
        """Everything that it told; ends it."""
        rest, _ = self._process.communicate(timeout=60)
        return [*self._told, *(json.loads(line) for line in rest.splitlines())]

    def tells(self, what: str, times: int = 1) -> None:
        """Wait until it has told `what` so many times, from its beginning."""
        assert self._process.stdout is not None
        while sum(what in line for line in self._told) < times:
            line = self._process.stdout.readline()
            assert line, f"it ended without telling of {what}"
            self._told.append(json.loads(line))

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def centre() -> Iterator[Centre]:
    centre = Centre()
    try:
        yield centre
    finally:
        centre.end()


def settings(centre: Centre, **changes: object) -> SmppSettings:
    fields = {name: getattr(SETTINGS, name) for name in SETTINGS.__dataclass_fields__}
    return SmppSettings(**{**fields, "port": centre.port, **changes})


def message(fate: int, text: str = "Your bill is due [tomorrow] €5.") -> Message:
    return Message(str(uuid4()), f"{NUMBER}{fate}", text, "zh-CN")


class Heard:
    """What the listening session hears; the stream is down for the first `fails` of it."""

    def __init__(self, channel: SmppChannel, fails: int = 0) -> None:
        self._channel = channel
        self._fails = fails
        self.receipts: list[Receipt] = []
        self.inbound: list[Inbound] = []

    async def take(self, post: Post) -> None:
        if self._fails > 0:
            self._fails -= 1
            raise OSError("the stream is down")
        told = self._channel.hear(post)
        self.receipts += told.receipts
        self.inbound += told.inbound

    def states(self) -> dict[str, AttemptState]:
        """Where each accepted message ends."""
        found: dict[str, AttemptState] = defaultdict(lambda: S.ACCEPTED)
        for receipt in self.receipts:
            state = found[receipt.provider_ref]
            found[receipt.provider_ref] = merge(state, S(receipt.status))
        return dict(found)


async def until(heard: Heard, count: int) -> None:
    async with asyncio.timeout(60):
        while len(heard.receipts) + len(heard.inbound) < count:
            await asyncio.sleep(0.01)


def test_every_receipt_ends_in_the_right_state(centre: Centre) -> None:
    """Lost, late, doubled, out of order, early; hex and decimal ids."""

    async def scene() -> tuple[dict[int, Outcome], Heard]:
        sender, listener = (SmppChannel(settings(centre)) for _ in range(2))
        heard = Heard(listener, fails=3)
        listening = asyncio.create_task(listener.listen(heard.take))
        try:
            fates = (0, 1, 2, 3, 4, 5, 6)
            outcomes = await asyncio.gather(*(sender.send(message(fate)) for fate in fates))
            await until(heard, 1 + 0 + 1 + 3 + 3 + 1 + 1)
            centre.say(f"write {NUMBER[1:]}0 TD")
            await until(heard, 11)
            return dict(zip(fates, outcomes, strict=True)), heard
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await sender.close()

    outcomes, heard = asyncio.run(scene())
    refs = {}
    for fate, outcome in outcomes.items():
        assert isinstance(outcome, Accepted)
        refs[fate] = outcome.ref
    states = heard.states()
    ended = {fate: states.get(ref) for fate, ref in refs.items()}
    delivered = dict.fromkeys((0, 2, 3, 4, 5), S.DELIVERED)
    assert ended == {**delivered, 1: None, 6: S.UNDELIVERED}
    assert set(states) <= set(refs.values())
    assert all(
        receipt.at.date() == datetime(2026, 3, 2, tzinfo=UTC).date() for receipt in heard.receipts
    )
    assert {receipt.reason for receipt in heard.receipts} == {"", "err_027"}
    (answer,) = heard.inbound
    assert (answer.sender, answer.text) == (f"{NUMBER}0", "TD")
    told = centre.told()
    statuses = [line["answered"] for line in told if "answered" in line]
    assert sorted(statuses, key=str).count(8) == 3
    assert statuses.count(0) == 11


def test_texts_arrive_whole(centre: Centre) -> None:
    """A foreign decoder reads what was written, in one part or several."""
    texts = ["Due [tomorrow]: €5 §2 @home_", "您的账单", LONG, "[]" * 90]

    async def scene() -> None:
        channel = SmppChannel(settings(centre))
        try:
            for text in texts:
                assert isinstance(await channel.send(message(1, text)), Accepted)
        finally:
            await channel.close()

    asyncio.run(scene())
    found: list[str] = []
    for line in centre.told():
        if "text" not in line:
            continue
        parts = line["parts"]
        assert isinstance(parts, list)
        if not parts or parts[-1] == 1:
            found.append("")
        found[-1] += str(line["text"])
    assert found == texts


def test_a_connection_that_ends_is_opened_anew(centre: Centre) -> None:
    """Nothing is lost by it but the answer that was under way: that message is uncertain."""

    async def scene() -> None:
        sender, listener = (SmppChannel(settings(centre)) for _ in range(2))
        heard = Heard(listener)
        listening = asyncio.create_task(listener.listen(heard.take))
        try:
            assert isinstance(await sender.send(message(7)), Transient)
            assert isinstance(await sender.send(message(7)), Accepted)
            assert isinstance(await sender.send(message(9)), Uncertain)
            assert isinstance(await sender.send(message(0)), Accepted)
            await until(heard, 1)
            centre.say("drop")
            await asyncio.to_thread(centre.tells, "closed", 3)  # the sender's twice
            await asyncio.sleep(0.05)
            assert isinstance(await sender.send(message(0)), Accepted)
            await until(heard, 2)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await sender.close()

    asyncio.run(scene())
    assert sum("bound" in line for line in centre.told()) == 5


def test_a_loop_that_stands_still_loses_nothing(centre: Centre) -> None:
    """Workers run their loop only while they deliver: meanwhile a centre may cut them off, and
    what it asked waits for an answer."""
    loop = uvloop.new_event_loop()  # as workers have
    channel = SmppChannel(settings(centre, enquire_link_every=timedelta(seconds=0.2)))
    try:
        assert isinstance(loop.run_until_complete(channel.send(message(1))), Accepted)
        centre.say("enquire 1")
        centre.tells("closed")
        time.sleep(0.3)
        assert isinstance(loop.run_until_complete(channel.send(message(1))), Accepted)
        centre.say("enquire 60000")
        loop.run_until_complete(asyncio.to_thread(centre.tells, "alive"))
        time.sleep(0.3)
        assert isinstance(loop.run_until_complete(channel.send(message(1))), Accepted)
    finally:
        loop.run_until_complete(channel.close())
        loop.close()
    told = centre.told()
    assert sum("bound" in line for line in told) == 2
    assert {"alive": True} in told


def test_a_refused_bind_says_so_and_takes_nothing(centre: Centre) -> None:
    async def scene(bind: Bind) -> Outcome:
        channel = SmppChannel(settings(centre, password="wrong", bind=bind))  # noqa: S106
        try:
            return await channel.send(message(0))
        finally:
            await channel.close()

    for bind in (Bind.TRANSMITTER, Bind.TRANSCEIVER):
        outcome = asyncio.run(scene(bind))
        assert outcome == Transient("connect: bind refused (credentials)")
