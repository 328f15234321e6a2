"""`reminders preference`: seen, set, held and decided on from a terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reminders.cli import backlog
from reminders.services.preferences.errors import LastChannel, PreferenceError
from reminders.services.preferences.passes import PATH, customer_of_pass
from reminders.services.status import report
from tests.integration.cli.conftest import Command, World


def shown(reminders: Command, *words: str) -> Any:  # Any: JSON
    result = reminders("preference", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def silently(world: World, ref: str, **more: str) -> None:
    world.publish(
        "preference.changed",
        customer_id=ref,
        channel="sms",
        message_kind="*",
        allowed=False,
        **more,
    )


def test_a_channel_is_switched_off_and_the_customer_can_be_told_why(
    world: World, reminders: Command
) -> None:
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.work()
    told = reminders("preference", "set", "C-1", "sms", "off", "--actor", "clerk-7").stdout
    assert "holds from now on" in told
    assert "reminders before the due date go by: email, in_app" in told
    assert "en/optout_disclosure.in_app@" in told
    found = shown(reminders, "show", "C-1")
    assert found["channels"]["sms"]["on"] is False
    assert found["channels"]["sms"]["address"] == "+86161****0001"
    assert found["next"]
    assert all(each["channel"] in ("email", "in_app") for each in found["next"])
    assert "clerk-7" in reminders("preference", "show", "C-1").stdout
    assert shown(reminders, "set", "C-1", "sms", "on", "--actor", "clerk-7")["effective"]


def test_the_last_channel_is_refused_in_one_line(world: World, reminders: Command) -> None:
    world.customer("C-1")
    for channel in ("sms", "email"):
        reminders("preference", "set", "C-1", channel, "off", "--actor", "clerk-7")
    refused = reminders("preference", "set", "C-1", "in_app", "off", "--actor", "clerk-7")
    assert isinstance(refused.exception, LastChannel)
    assert "\n" not in str(refused.exception)


def test_what_waits_is_listed_counted_and_decided_by_a_person(
    world: World, reminders: Command
) -> None:
    """S4.24: an alarm that a person ends, with who and why."""
    for ref in ("C-1", "C-2", "C-3"):
        world.customer(ref)
        silently(world, ref)
    first, *_ = shown(reminders, "held")
    assert (first["held_for"], first["actor"], first["allowed"]) == ("no_actor", "", False)
    assert "nobody" in reminders("preference", "held").stdout
    assert ("preferences held", "3") in lines(world)
    who = ("--actor", "ops", "--reason", "release 7 undone")
    done = reminders("preference", "approve", first["change"], *who)
    assert done.stdout == "1 approved\n", done.output
    assert shown(reminders, "show", first["customer"])["channels"]["sms"]["on"] is False
    rest = reminders("preference", "reject", "--all-of-actor", "", *who)
    assert rest.stdout == "2 rejected\n", rest.output
    assert shown(reminders, "held") == []
    assert ("preferences held", "none") in lines(world)


def lines(world: World) -> list[tuple[str, str]]:
    now = world.clock.now()
    return backlog.lines(report(world.resources.engine, world.resources.redis, (), now), now)


def test_bad_input_is_one_line(world: World, reminders: Command) -> None:
    who = ("--actor", "ops", "--reason", "because")
    assert reminders("preference", "approve", *who).exit_code == 2
    assert reminders("preference", "approve", "x", "--actor", " ", "--reason", "r").exit_code == 2
    for words in (("approve", "nonsense", *who), ("show", "C-9")):
        result = reminders("preference", *words)
        assert isinstance(result.exception, PreferenceError)
        assert "\n" not in str(result.exception)


@pytest.mark.usefixtures("world")
def test_a_link_opens_one_customers_page(reminders: Command) -> None:
    path = reminders("preference", "link", "C-1").stdout.strip()
    assert path.startswith(PATH)
    assert customer_of_pass(path.removeprefix(PATH), "i") == "C-1"
    assert customer_of_pass(path.removeprefix(PATH), "other") is None
