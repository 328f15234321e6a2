"""A provider fails in mid-run: the other takes over, and nothing is lost or sent twice. A small
form of `make brownout`, on the real ledger and the real breaker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from sqlalchemy import Engine

from benchmarks.brownout import Told, play_scenario
from benchmarks.brownout_scenes import SCENES, Timing
from tests.scenario.world import empty

TIMING = Timing(before_s=4, bad_s=22, after_s=2, rate=12)


@pytest.fixture
def ledger(engine: Engine) -> Iterator[Engine]:
    empty(engine)
    yield engine
    empty(engine)


def play(name: str, ledger: Engine, timing: Timing = TIMING) -> Told:
    with fakeredis.FakeRedis() as client:
        return play_scenario(name, ledger, client, SCENES[name].at(timing))


def test_new_messages_leave_by_the_other_provider_within_ten_seconds(ledger: Engine) -> None:
    told = play("failing", ledger).figures
    assert (told["lost"], told["twice"]) == (0, 0)
    assert told["opened_after_s"] is not None
    assert told["opened_after_s"] <= 10
    assert told["new_in_bad_time"] > 100
    assert told["by_the_other"] >= 0.99
    assert told["shifts_in_ledger"] >= 1


def test_all_sms_down_is_carried_by_mail(ledger: Engine) -> None:
    told = play("all down", ledger).figures
    assert (told["lost"], told["twice"]) == (0, 0)
    assert told["by_mail"] >= 0.97  # a probe or two weigh more among so few


def test_a_black_hole_is_found_by_its_silence(ledger: Engine) -> None:
    """It accepts everything, delivers nothing and says nothing: no call fails."""
    scene = SCENES["silent"]
    quick = replace(scene.rules, told=20, cohort=timedelta(seconds=5), mature=timedelta(seconds=5))
    timing = Timing(before_s=5, bad_s=90, after_s=1, rate=3)
    scene = replace(scene, rules=quick, switch_s=75, timing=timing)
    with fakeredis.FakeRedis() as client:
        played = play_scenario("silent", ledger, client, scene)
    told = played.figures
    assert (told["lost"], told["twice"]) == (0, 0)
    assert told["by_the_other"] >= 0.99
    (shift,) = [each for each in played.shifts if each.provider == "sms-a"][:1]
    assert (shift.before, shift.after) == ("closed", "open")
    assert "confirmed, others" in shift.reason
