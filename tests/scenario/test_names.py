"""The name that billing gives is kept encrypted and stands in mails alone, the newest of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.scenario.world import START, World


def greeting(world: World) -> set[str]:
    """The first lines of all mails."""
    world.bill()
    world.run_until(START + timedelta(days=10))
    assert world.email.sent
    assert not any("Canary" in each.message.text for each in world.sms.sent)
    return {each.message.text.partition("\n")[0] for each in world.email.sent}


def test_a_mail_greets_by_name(world: World) -> None:
    world.customer(name="Ann Canary")
    assert greeting(world) == {"Hello Ann,"}
    assert world.rows("SELECT count(*) FROM customer WHERE name_secret IS NOT NULL") == [(1,)]


@pytest.mark.parametrize("name", [None, "Mr Sheriff", "www.example.com"])
def test_without_a_name_that_can_be_written_it_greets_all_the_same(
    world: World, name: str | None
) -> None:
    world.customer(name=name)
    assert greeting(world) == {"Hello,"}


def test_a_newer_profile_without_a_name_takes_it_away(world: World) -> None:
    world.customer(name="Ann Canary")
    world.clock.set(START + timedelta(minutes=1))
    world.customer(name=None)
    assert greeting(world) == {"Hello,"}
