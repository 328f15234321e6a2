"""One message to devices of both platforms, against the simulated ones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from channels.contract import Post
from channels.push import PushChannel, PushSettings
from reminders.domain.outcome import Accepted, Outcome, Permanent, Uncertain
from tests.contract.carriers import PATIENT, TIMEOUT, World, message, play

LINES = (("push", "push"),)


def settings_of(world: World) -> PushSettings:
    return replace(cast(PushSettings, world.accounts["push"]), timeout=world.timeout)


def sent_to(
    address: str, folder: Path, timeout: timedelta = PATIENT
) -> tuple[Outcome, list[dict[str, str]]]:
    async def scene(world: World) -> Outcome:
        channel = PushChannel(settings_of(world))
        try:
            sent = message(address)
            outcome = await channel.send(sent)
            await world.advance(timedelta(minutes=5))
            for _, body, headers in world.door.posts:
                assert channel.verify(Post(body, headers))
                for receipt in channel.hear(Post(body)).receipts:
                    assert receipt.attempt_id == sent.idempotency_key
            return outcome
        finally:
            await channel.close()

    outcome = play(folder, scene, LINES, timeout)
    lines = (folder / "push.jsonl").read_text(encoding="utf-8").splitlines()
    return outcome, [json.loads(line) for line in lines]


def test_who_took_it_got_it_once_and_the_dead_are_named(tmp_path: Path) -> None:
    dead = ("fcm:s02-android00", "apns:s02-iphone000")
    address = f"fcm:s00-android01 {dead[0]} apns:s00-iphone001 {dead[1]} apns:s03-iphone002"
    outcome, log = sent_to(address, tmp_path)
    assert isinstance(outcome, Accepted)
    assert outcome.dead_parts == dead
    reached = [line["to"] for line in log if line["kind"] == "reached"]
    assert sorted(reached) == ["apns:s00-iphone001", "fcm:s00-android01"]


def test_all_dead_is_a_dead_contact_and_one_silent_is_uncertain(tmp_path: Path) -> None:
    dead, _ = sent_to("fcm:s02-android00 apns:s02-iphone000", tmp_path / "dead")
    assert dead == Permanent("unregistered", dead_contact=True)
    silent, _ = sent_to("fcm:s02-android00 apns:s05-iphone000", tmp_path / "silent", TIMEOUT)
    assert isinstance(silent, Uncertain)


def test_a_token_that_google_takes_back_is_renewed_in_the_same_send(tmp_path: Path) -> None:
    async def scene(world: World) -> list[Outcome]:
        channel = PushChannel(settings_of(world))
        try:
            first = await channel.send(message("fcm:s00-android01"))
            line = world.sandbox.lines[0]
            line._fcm._granted.clear()  # type: ignore[attr-defined]  # what Google would do
            return [first, await channel.send(message("fcm:s00-android01"))]
        finally:
            await channel.close()

    first, second = play(tmp_path, scene, LINES)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
