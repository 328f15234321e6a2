"""`reminders uncertain` and `reminders unreachable` on a real ledger, for people and programs."""

from __future__ import annotations

import json

from reminders.domain.outcome import Uncertain
from tests.integration.cli.conftest import Command, World


def test_what_is_open_is_listed_for_people_and_programs(world: World, reminders: Command) -> None:
    assert reminders("uncertain", "list").stdout == "no attempt is uncertain\n"
    assert reminders("uncertain", "doubles").stdout == "nobody was told twice\n"
    assert reminders("unreachable", "list").stdout == "everybody can be reached\n"
    world.sms.answers.append(Uncertain("no answer in time"))
    world.customer("C-1")
    world.bill("C-1", "B-1")
    world.at("2026-03-22T10:00")
    world.customer("C-2")
    world.bill("C-2", "B-2")
    for channel in ("sms", "email", "in_app"):
        world.publish("contact.changed", customer_id="C-2", channel=channel, address=None)
    world.work()
    (found,) = json.loads(reminders("uncertain", "list", "--json").stdout)
    assert (found["customer"], found["provider"]) == ("C-1", "sms-gateway")
    assert found["next"].endswith("then the next channel")
    assert "C-1" in reminders("uncertain", "list").stdout
    assert reminders("unreachable", "find").stdout == "1 tasks made\n"
    assert "C-2" in reminders("unreachable", "list").stdout
    (task,) = json.loads(reminders("unreachable", "list", "--json").stdout)
    assert (task["kind"], task["bill"]) == ("unreachable", "B-2")
