"""Error tables' words, templates by kind, and tokens that everybody waits for once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from channels.access_token import AccessToken, NotGranted
from channels.provider_templates import chosen
from channels.single_flight import SingleFlight
from channels.transport import Reply
from channels.verdicts import Fault, Verdict
from reminders.domain.outcome import Outcome, Permanent, Transient, Uncertain

WAIT = timedelta(seconds=9)


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (Fault.ADDRESS, Permanent("word", dead_contact=True)),
        (Fault.CUSTOMER, Permanent("word")),
        (Fault.OURS, Permanent("word")),
        (Fault.ACCOUNT, Transient("word", WAIT)),
        (Fault.BUSY, Transient("word", WAIT)),
        (Fault.UNKNOWN, Uncertain("word")),
    ],
)
def test_only_the_address_at_fault_is_dead(fault: Fault, wanted: Outcome) -> None:
    assert Verdict(fault, "word").outcome(WAIT) == wanted


@pytest.mark.parametrize(
    ("kind", "language", "wanted"),
    [
        ("overdue", "zh-CN", 1),
        ("overdue", "en", 2),
        ("pre_due", "zh-CN", 3),
        ("pre_due", "en", 4),
    ],
)
def test_the_nearest_template_is_chosen(kind: str, language: str, wanted: int) -> None:
    table = {"overdue/zh-CN": 1, "overdue": 2, "*/zh-CN": 3, "*": 4}
    assert chosen(table, kind, language) == wanted
    assert chosen({}, kind, language) is None


def test_callers_at_once_share_one_run_and_its_failure() -> None:
    runs: list[int] = []

    async def run() -> list[object]:
        flight: SingleFlight[int] = SingleFlight()

        async def make() -> int:
            runs.append(1)
            await asyncio.sleep(0.01)
            if len(runs) == 1:
                raise ValueError("first")
            return len(runs)

        failed = await asyncio.gather(*(flight.run(make) for _ in range(3)), return_exceptions=True)
        return [*failed, *await asyncio.gather(flight.run(make), flight.run(make))]

    first, *others, one, two = asyncio.run(run())
    assert all(isinstance(each, ValueError) for each in (first, *others))
    assert one == two == 2


def test_a_caller_that_gives_up_does_not_end_the_run() -> None:
    async def run() -> str:
        flight: SingleFlight[str] = SingleFlight()

        async def make() -> str:
            await asyncio.sleep(0.05)
            return "made"

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await flight.run(make)
        found = await flight.run(make)
        await flight.close()
        return found

    assert asyncio.run(run()) == "made"


def test_the_channel_may_move_to_another_loop() -> None:
    flight: SingleFlight[int] = SingleFlight()

    async def one() -> int:
        return await flight.run(_seven)

    assert [asyncio.run(one()), asyncio.run(one())] == [7, 7]


async def _seven() -> int:
    return 7


def test_a_token_is_kept_until_its_last_minute_and_a_newer_one_is_not_thrown_away() -> None:
    now = [0.0]
    granted: list[str] = []

    async def ask() -> Reply:
        granted.append(f"t{len(granted)}")
        return Reply(200, {}, b'{"access_token":"%s","expires_in":3600}' % granted[-1].encode())

    async def run() -> None:
        token = AccessToken(ask, lambda: now[0])
        assert await token.get() == "t0"
        now[0] = 3539.0
        assert await token.get() == "t0"
        now[0] = 3541.0
        assert await token.get() == "t1"
        token.refused("t0")
        assert await token.get() == "t1"
        token.refused("t1")
        assert await token.get() == "t2"

    asyncio.run(run())


@pytest.mark.parametrize("life", [b"NaN", b"-1", b"1e400", b'"3600"', b"true"])
def test_no_token_lives_for_ever_or_is_asked_for_without_end(life: bytes) -> None:
    asked: list[int] = []

    async def ask() -> Reply:
        asked.append(1)
        return Reply(200, {}, b'{"access_token":"t","expires_in":%s}' % life)

    async def run() -> None:
        now = [0.0]
        token = AccessToken(ask, lambda: now[0])
        for _ in range(3):
            assert await token.get() == "t"
        now[0] = 100_000.0
        assert await token.get() == "t"

    asyncio.run(run())
    assert len(asked) == 2


def test_an_answer_without_a_token_says_so_in_a_short_word() -> None:
    async def ask() -> Reply:
        return Reply(400, {}, b'{"error":"invalid_grant"}')

    async def run() -> None:
        with pytest.raises(NotGranted, match=r"credentials refused \(400\)"):
            await AccessToken(ask).get()

    asyncio.run(run())
