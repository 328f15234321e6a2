"""Every provider with an account of its own is told its share, its cost and its pace alike."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest

from channels.accounts import accounts_of, settings_of
from channels.provider_settings import ProviderSettings
from channels.registry import ADAPTERS, build

EVERYWHERE = {each.name for each in fields(ProviderSettings)}
# Written with the gate's own transaction, or bound by its window: no share and no pace.
OTHERS = {"in-app", "human-task", "smpp"}


@pytest.mark.parametrize("adapter", sorted(ADAPTERS.keys() - OTHERS))
def test_it_takes_what_every_provider_takes(adapter: str) -> None:
    assert settings_of(adapter) >= EVERYWHERE


def test_the_planner_reads_what_the_account_says() -> None:
    entry = {
        "adapter": "sms-gateway",
        "base_url": "https://sms.example.com",
        "token": "t",
        "receipts_secret": "s",
        "name": "gateway-a",
        "weight": 3,
        "cost_minor": 4,
        "prefixes": ["+86"],
        "rate_per_s": 7,
        "concurrency": 2,
        "timeout": 5,
    }
    (channel,) = build(accounts_of([entry])).values()
    said = channel.capabilities
    assert (channel.name, said.weight, said.cost_minor) == ("gateway-a", 3.0, 4)
    assert (said.prefixes, said.rate_per_s, said.concurrency) == (("+86",), 7.0, 2)
    assert said.timeout == timedelta(seconds=5)
