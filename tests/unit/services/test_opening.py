"""What the settings say of providers reaches the breaker of a process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from channels.errors import ChannelSettingsError
from config.settings import Settings
from reminders.services import opening
from reminders.services.clock import clock_of
from reminders.services.opening import open_redis

ACCOUNT = """\
providers:
  - {adapter: sms-gateway, name: a, base_url: 'http://127.0.0.1:1', token: t, receipts_secret: s,
     breaker: %s}
"""


def fixed(folder: Path, breaker: str, **more: object) -> Mapping[str, Any]:  # Any: a script's JSON
    path = folder / "providers.yaml"
    path.write_text(ACCOUNT % breaker, encoding="utf-8")
    url = "redis://127.0.0.1:1/0"  # nobody is there, and nobody is asked
    given: dict[str, Any] = {
        "REDIS_URL": url,
        "DATABASE_URL": "postgresql://127.0.0.1/bills",
        "encryption_keys": {"k1": "ab" * 32},
        "hash_key": "hash",
        "inbox_key": "inbox",
        "provider_file": path,
        "breaker": {"failed_share": 0.4},
        **more,
    }
    settings = Settings(**given)
    fleet = opening._fleet(settings, clock_of(settings.clock, open_redis(url)))
    found: Mapping[str, Any] = vars(fleet.health)["_fixed"]
    return found


def test_the_lenders_rules_and_a_providers_own_reach_the_breaker(tmp_path: Path) -> None:
    found = fixed(tmp_path, "{slow_share: 0.9}")
    assert (found["rules"]["failed"], found["rules"]["slow"]) == (0.4, 0.25)
    assert {name: (each["failed"], each["slow"]) for name, each in found["of"].items()} == {
        "a": (0.4, 0.9)
    }
    assert found["frozen"] is False


def test_a_virtual_clock_is_known_to_stand_still(tmp_path: Path) -> None:
    assert fixed(tmp_path, "{probes: 3}", clock="virtual")["frozen"] is True


def test_a_wrong_rule_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ChannelSettingsError, match=r"entry 1: breaker\.probes: must be a whole"):
        fixed(tmp_path, "{probes: 0}")
