"""Every change of a provider's standing is in the ledger once, with its reason and figures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from channels.breaker import WatchedHealth
from channels.fleet import Fleet
from channels.health import Call
from reminders.domain.outcome import Transient
from reminders.services.shifts import keep_shifts
from tests.scenario.world import Free, World


def test_each_shift_is_kept_once(world: World) -> None:
    channels = list(world.resources.fleet.by_name.values())
    with fakeredis.FakeRedis() as client:
        health = WatchedHealth(client, channels, business=world.clock.now, cache_for=timedelta(0))
        world.resources = replace(world.resources, fleet=Fleet(channels, Free(), health))
        health.note([Call(world.sms.name, "+86161", Transient("gateway 503"), 0.1)] * 20)
        told = health.shifts()
        assert keep_shifts(world.resources) == 1
        assert health.shifts() == []

        health.shifts = lambda most=500: told  # type: ignore[method-assign]  # it died before it forgot
        assert keep_shifts(world.resources) == 0
    ((provider, channel, before, after, share, reason, figures, at),) = world.rows(
        "SELECT provider, channel, before, after, share, reason, figures, business_at"
        " FROM provider_shift"
    )
    assert (provider, channel, before, after, share) == (
        "memory-sms", "sms", "closed", "open", 0.0,
    )  # fmt: skip
    assert reason == "100 % of calls failed"
    assert json.loads(bytes(figures))["calls"] == 20
    assert at == world.clock.now()
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(text("UPDATE provider_shift SET reason = ''"))
