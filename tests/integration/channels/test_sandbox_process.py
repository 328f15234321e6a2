"""The carrier simulator as its own process, over its public doors."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from channels.contract import Post
from channels.email.smtp import EmailChannel, EmailSettings
from channels.sandbox.http_server import HttpServer, Request
from channels.sandbox.phone import Phone, PhoneError, Visit
from channels.sms.gateway import SmsChannel, SmsSettings
from reminders.domain.outcome import Accepted, Uncertain
from reminders.servers.ports import choose
from tests.contract.carriers import PATIENT, START, TIMEOUT, Door, message, play

# JSON from another process: its shape is what these tests look at.
Json = dict[str, Any]


def lines(folder: Path, name: str) -> list[Json]:
    text = (folder / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@asynccontextmanager
async def process(folder: Path, receipts_port: int, *more: str) -> AsyncIterator[Json]:
    """The sandbox running; its description from sandbox.json. Ends by SIGTERM, with code 0."""
    command = [sys.executable, "-m", "channels.sandbox", "--data", str(folder)]
    command += ["--receipts-url", f"http://127.0.0.1:{receipts_port}/v1/receipts", *more]
    child = subprocess.Popen(command)  # noqa: S603  # our own module, arguments of this test
    ready = folder / "sandbox.json"
    try:
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert child.poll() is None
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        yield json.loads(ready.read_text(encoding="utf-8"))
    finally:
        child.terminate()
        code = child.wait(60)
    assert code == 0


class Driver:
    """A client of the control door."""

    def __init__(self, session: aiohttp.ClientSession, described: Json) -> None:
        self._session = session
        self._url = described["control_url"]
        self._headers = {"Authorization": f"Bearer {described['control_token']}"}

    async def status(self) -> Json:
        async with self._session.get(
            f"{self._url}/control/status", headers=self._headers
        ) as response:
            assert response.status == 200
            return dict(await response.json())

    async def clock(self, now: object, headers: Mapping[str, str] | None = None) -> int:
        async with self._session.post(
            f"{self._url}/control/clock",
            json={"now": now},
            headers=self._headers if headers is None else headers,
        ) as response:
            await response.read()
            return response.status


def sms_of(described: Json, timeout: timedelta = PATIENT) -> SmsChannel:
    return SmsChannel(
        SmsSettings(
            described["sms_url"],
            described["sms_token"],
            described["sms_receipts_secret"],
            timeout=timeout,
        )
    )


def email_of(described: Json) -> EmailChannel:
    return EmailChannel(
        EmailSettings(
            described["smtp_host"],
            described["smtp_port"],
            "bills@lender.example.com",
            described["email_receipts_secret"],
            timeout=PATIENT,
        )
    )


VIRTUAL = ("--clock", "virtual", "--now", START.isoformat())


def test_a_virtual_day_from_first_request_to_last_receipt(tmp_path: Path) -> None:
    async def scene() -> None:
        door = Door()
        server = HttpServer(door.handle)
        await server.start(0)
        async with (
            process(tmp_path, server.port, *VIRTUAL) as described,
            aiohttp.ClientSession() as session,
        ):
            assert (tmp_path / "sandbox.json").stat().st_mode & 0o077 == 0
            driver = Driver(session, described)
            # One of its numbers is never answered.
            sms, email = sms_of(described, TIMEOUT), email_of(described)
            for code in range(12):
                await sms.send(message(f"+861{code:02d}12345678"))
            for domain in ("deliver", "opens", "bounce", "silent"):
                outcome = await email.send(message(f"li@{domain}.example.com"))
                assert isinstance(outcome, Accepted)
            assert door.posts == []
            steps = await _play_out(driver)
            assert steps <= 10
            receipts = Counter(
                entry["status"] for _, body, _ in door.posts for entry in json.loads(body)
            )
            assert receipts == {
                "DELIVRD": 7, "ACCEPTD": 1, "UNDELIV": 1, "opened": 1, "bounced": 1
            }  # fmt: skip
            for _, body, headers in door.posts:
                assert sms.verify(Post(body, headers)) or email.verify(Post(body, headers))
            await sms.close()
            await email.close()
        await server.close()

    asyncio.run(scene())
    reached = Counter(
        line["to"][4:6] for line in lines(tmp_path, "sms") if line["kind"] == "reached"
    )
    assert reached == {"00": 1, "05": 1, "06": 1, "07": 1, "10": 1}
    mails = Counter(line["to"] for line in lines(tmp_path, "email") if line["kind"] == "reached")
    assert set(mails) == {"li@deliver.example.com", "li@opens.example.com"}
    assert not (tmp_path / "sandbox.json").exists()


async def _play_out(driver: Driver) -> int:
    """Step from action to action until none is left; how many steps that took."""
    for step in range(50):
        status = await driver.status()
        if status["next_action_at"] is None:
            assert (status["in_flight"], status["pending"]) == (0, 0)
            return step
        assert await driver.clock(status["next_action_at"]) == 200
    raise AssertionError("the agenda never ends")


def test_receipts_wait_for_a_receiver_that_is_away(tmp_path: Path) -> None:
    async def scene() -> None:
        port = choose()  # nobody is there yet
        door = Door(answers=[503, 500])
        server = HttpServer(door.handle)
        async with (
            process(tmp_path, port, *VIRTUAL, "--receipt-batch", "1") as described,
            aiohttp.ClientSession() as session,
        ):
            driver = Driver(session, described)
            sms = sms_of(described)
            await sms.send(message("+8610012345678"))
            await sms.close()
            moving = asyncio.create_task(driver.clock((START + timedelta(hours=1)).isoformat()))
            async with asyncio.timeout(60):
                while not (status := await driver.status())["last_error"]:
                    await asyncio.sleep(0.02)
            assert status["in_flight"] == 1
            assert not moving.done()
            await server.start(port)
            assert await moving == 200
            assert len(door.posts) == 1
            assert isinstance(json.loads(door.posts[0][1]), dict)
        await server.close()

    asyncio.run(scene())


def test_the_control_door_is_shut_to_strangers_and_nonsense(tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            process(tmp_path, 1, *VIRTUAL) as described,
            aiohttp.ClientSession() as session,
        ):
            driver = Driver(session, described)
            later = (START + timedelta(hours=1)).isoformat()
            assert await driver.clock(later, headers={}) == 401
            assert await driver.clock(later, headers={"Authorization": "Bearer x"}) == 401
            for nonsense in (None, 7, "soon", "2026-03-02T08:00:00"):
                assert await driver.clock(nonsense) == 400
            assert await driver.clock(later) == 200
            assert await driver.clock(START.isoformat()) == 409
            assert (await driver.status())["now"] == later

    asyncio.run(scene())


def test_on_the_machines_clock_things_happen_by_themselves(tmp_path: Path) -> None:
    async def scene() -> None:
        door = Door()
        server = HttpServer(door.handle)
        await server.start(0)
        async with (
            process(tmp_path, server.port, "--delays", "0.05") as described,
            aiohttp.ClientSession() as session,
        ):
            driver = Driver(session, described)
            assert await driver.clock(START.isoformat()) == 409
            sms = sms_of(described)
            await asyncio.gather(*(sms.send(message(f"+86100{n:08d}")) for n in range(200)))
            await sms.close()
            deadline = time.monotonic() + 60
            while (await driver.status())["pending"] and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            while (await driver.status())["in_flight"] and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
        await server.close()
        assert sum(len(json.loads(body)) for _, body, _ in door.posts) == 200

    asyncio.run(scene())
    kinds = Counter(line["kind"] for line in lines(tmp_path, "sms"))
    assert kinds == {"request": 200, "answer": 200, "reached": 200, "receipt": 200}


@pytest.mark.parametrize(("code", "times"), [("05", 1), ("00", 1)])
def test_the_same_key_again_reaches_the_customer_once(
    code: str, times: int, tmp_path: Path
) -> None:
    sent = message(f"+861{code}12345678")

    async def scene(world: Any) -> None:  # the contract suite's World
        sms = SmsChannel(world.sms)
        first = await sms.send(sent)
        second, third = await sms.send(sent), await sms.send(sent)
        assert isinstance(first, Uncertain if code == "05" else Accepted)
        assert second == third
        await sms.close()
        await world.advance(timedelta(minutes=10))

    play(tmp_path, scene, timeout=TIMEOUT if code == "05" else PATIENT)
    kinds = Counter(line["kind"] for line in lines(tmp_path, "sms"))
    assert (kinds["request"], kinds["reached"], kinds["receipt"]) == (3, times, times)


def test_a_request_is_logged_from_its_first_byte(tmp_path: Path) -> None:
    sent = message("+8610712345678")

    async def scene(world: Any) -> tuple[float, float]:  # the contract suite's World
        sms = SmsChannel(world.sms)
        before = time.time()
        await sms.send(sent)
        await sms.close()
        return before, time.time()

    before, after = play(tmp_path, scene)
    request, answer = lines(tmp_path, "sms")
    assert before <= request["began"] <= request["machine"] <= answer["machine"] <= after
    assert answer["machine"] - request["machine"] >= 0.09
    assert request["at"] == answer["at"] == START.isoformat()


def test_a_phone_reads_inboxes_and_logs_what_it_saw(tmp_path: Path) -> None:
    inbox = {"messages": [{"id": "m-1", "text": "账单"}]}

    def handle(request: Request) -> None:
        known = request.path == "/v1/inbox/c 1" and request.bears("token")
        request.respond(200 if known else 403, inbox if known else {})

    async def scene() -> None:
        server = HttpServer(handle)
        await server.start(0)
        async with Phone(f"http://127.0.0.1:{server.port}", tmp_path / "phone.jsonl") as phone:
            assert await phone.open("c 1", "token", START) == inbox["messages"]
            visits = [Visit("c 1", "token")] * 30
            assert await phone.open_many(visits, START) == 30
            with pytest.raises(PhoneError, match="403"):
                await phone.open("c 1", "another", START)
        await server.close()

    asyncio.run(scene())
    read = lines(tmp_path, "phone")
    assert len(read) == 31
    assert read[0]["kind"] == "read"
    assert read[0]["customer"] == "c 1"
    assert read[0]["messages"] == inbox["messages"]
    assert read[0]["at"] == START.isoformat()
