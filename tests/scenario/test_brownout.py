"""A provider fails in mid-run: the other takes over, and nothing is lost or sent twice. A small
form of `make brownout`, on the real ledger and the real breaker."""

from __future__ import annotations

from collections.abc import Iterator

import fakeredis
import pytest
from sqlalchemy import Engine

from benchmarks.brownout import Timing, play_scenario
from tests.scenario.world import empty

TIMING = Timing(before_s=4, bad_s=22, after_s=2, rate=12)


@pytest.fixture
def ledger(engine: Engine) -> Iterator[Engine]:
    empty(engine)
    yield engine
    empty(engine)


def test_new_messages_leave_by_the_other_provider_within_ten_seconds(ledger: Engine) -> None:
    with fakeredis.FakeRedis() as client:
        told = play_scenario("failing", ledger, client, TIMING).figures
    assert (told["lost"], told["twice"]) == (0, 0)
    assert told["opened_after_s"] is not None
    assert told["opened_after_s"] <= 10
    assert told["new_in_bad_time"] > 100
    assert told["by_the_other"] >= 0.97  # a probe or two weigh more among so few
    assert told["shifts_in_ledger"] >= 2


def test_all_sms_down_is_carried_by_mail(ledger: Engine) -> None:
    with fakeredis.FakeRedis() as client:
        told = play_scenario("all down", ledger, client, TIMING).figures
    assert (told["lost"], told["twice"]) == (0, 0)
    assert told["by_mail"] >= 0.97
