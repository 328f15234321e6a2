"""What customers answer: STOP is obeyed at once and confirmed once (S1.19), the rest is read."""

from __future__ import annotations

import pytest

from reminders.services import inbound
from tests.scenario.test_ledger import due
from tests.scenario.world import World

FROM = "+8616100000001"


def says(world: World, text: str, ref: str = "m-1", sender: str = FROM) -> None:
    world.posts({"from": sender, "text": text, "id": ref})


def opted_out(world: World, channel: str = "sms") -> bool:
    return world.facts().customer.opted_out(channel, "pre_due")


@pytest.mark.parametrize("word", ["STOP", " stop ", "\uff33\uff34\uff2f\uff30", "退订", "TD"])
def test_a_stop_is_obeyed_before_the_next_message(world: World, word: str) -> None:
    due(world)
    says(world, word)
    world.deliver()
    assert opted_out(world)
    assert all(not sent.startswith("sms") for sent in world.attempts())


def test_it_is_confirmed_once_however_often_it_comes(world: World) -> None:
    due(world)
    says(world, "STOP")
    says(world, "STOP")
    for _ in range(2):
        inbound.confirm(world.resources, world.loop)
    (sent,) = world.sms.sent
    assert sent.message.address == FROM
    assert "START" in sent.message.text


def test_a_copy_of_an_old_stop_does_not_undo_a_later_start(world: World) -> None:
    due(world)
    at = world.clock.now().isoformat()
    world.posts({"from": FROM, "text": "STOP", "id": "m-1", "at": at})
    says(world, "START", "m-2")
    assert not opted_out(world)
    world.posts({"from": FROM, "text": "STOP", "id": "m-1", "at": at})
    assert not opted_out(world)


def test_anything_else_is_for_a_person_and_confirms_the_message(world: World) -> None:
    due(world)
    world.deliver()
    says(world, "I have paid already, please stop")
    assert not opted_out(world)
    assert world.attempts()[0].endswith("acted")
    assert world.rows("SELECT kind, state FROM human_task") == [("reply", "open")]
    assert world.rows("SELECT meaning, state FROM inbound_message") == [("other", "open")]


def test_a_stranger_is_read_by_a_person_too(world: World) -> None:
    due(world)
    says(world, "STOP", sender="+8616199999999")
    assert not opted_out(world)
    assert world.rows("SELECT kind FROM human_task") == [("reply",)]


def test_everybody_who_shares_the_number_is_left_alone(world: World) -> None:
    due(world)
    other = {"contact_points": [{"channel": "sms", "address": FROM}]}
    world.customer("C-2", **other)
    says(world, "STOP")
    assert opted_out(world)
    assert world.facts("C-2").customer.opted_out("sms", "pre_due")


def test_no_word_of_it_stands_outside_the_secrets(world: World) -> None:
    due(world)
    says(world, "my new number is canary-4711")
    for (table,) in world.rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace"
    ):
        told = world.rows(f"SELECT t::text FROM {table} t")  # noqa: S608  (our own tables)
        assert not any("canary-4711" in row[0] for row in told), table
