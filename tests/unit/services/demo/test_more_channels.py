"""Every channel has its people, and every provider its share."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.accounts import settings_of
from channels.registry import ADAPTERS
from channels.sandbox.__main__ import settings_from
from channels.sandbox.line import LINES as SIMULATED
from channels.sandbox.scripts import ALWAYS, script_of_mark
from config.settings import SHIPPED
from reminders.cli.demo_system import with_every_channel
from reminders.domain.customer import WRITTEN, ChannelName
from reminders.servers.development import Ports
from reminders.servers.system import System
from reminders.services.demo.auditor.published import CHANNELS
from reminders.services.demo.generated import generated
from reminders.services.demo.more_channels import LINES, Receivers
from reminders.services.policy_files import read

RECEIVERS = Receivers(webhook=1001, apprise=1002)
FIRST = ("sms", "email")  # what the gateway and the relay carry


def test_every_adapter_that_has_a_line_is_played() -> None:
    played = {line.adapter for line in LINES} | {"sms-gateway", "smtp"}
    assert played == set(SIMULATED)
    assert set(ADAPTERS) - played == {"in-app", "human-task"}


def test_every_channel_is_on_a_ladder_and_has_people() -> None:
    policy, _ = read(SHIPPED / "policies" / "every-channel.yaml")
    rungs = {rung.channel for ladder in policy.ladders.values() for rung in ladder}
    assert rungs == set(ChannelName)
    reached = {
        channel for person in generated(200, 1, RECEIVERS).customers for channel in person.contacts
    }
    assert reached == {*(line.channel for line in LINES), *FIRST, "in_app"}
    assert set(ChannelName) - reached == WRITTEN - {"in_app"}


def test_the_auditor_forgets_an_address_of_any_channel() -> None:
    assert set(CHANNELS) == set(ChannelName) - {ChannelName.HUMAN_TASK}


def test_services_of_their_own_are_at_their_port_and_some_fail() -> None:
    people = generated(400, 1, RECEIVERS).customers
    addresses = [each.contacts["apprise"] for each in people if "apprise" in each.contacts]
    assert 30 < len(addresses) < 90
    assert all(each.startswith("json://127.0.0.1:1002/s") for each in addresses)
    scripts = [script_of_mark(each) for each in addresses]
    assert any(script.refuses == ALWAYS for script in scripts)
    assert any(script.refuses == 1 for script in scripts)


@pytest.mark.parametrize("channel", FIRST)
def test_each_provider_of_a_channel_carries_a_real_share(channel: str) -> None:
    weights = {"the first": 1.0} | {
        line.name: float(str(line.own.get("weight", 1)))
        for line in LINES
        if line.channel == channel
    }
    shares = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    assert min(shares.values()) >= 0.1
    assert len(shares) == {"sms": 5, "email": 2}[channel]
    for line in LINES:
        assert set(line.own) <= settings_of(line.adapter), line.name


def test_the_carriers_are_told_of_each_line_and_the_receivers_of_their_ports(
    tmp_path: Path,
) -> None:
    system = System(tmp_path, Ports(http=1, sms=2, smtp=3, control=4), {})
    found = with_every_channel(system, RECEIVERS)
    assert [process.name for process in found.ours()][:2] == ["http", "listen"]
    words = found.carriers().argv
    secrets = tmp_path / "dev-secrets.json"
    secrets.write_text("{}")
    told = settings_from(words[words.index("--data") :])
    assert told.lines == tuple((line.adapter, line.name) for line in LINES)
    assert told.line_ports == {"webhook": 1001, "apprise": 1002}
