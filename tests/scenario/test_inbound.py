"""What customers answer: STOP is obeyed at once and confirmed once (S1.19), the rest is read."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from channels.contract import Message
from channels.receipts import UNDATED
from reminders.domain.outcome import Accepted, Outcome
from reminders.ledger import inbound as inbound_ledger
from reminders.services import inbound as inbound_service
from reminders.services import incidents, receipts
from reminders.services.callbacks import Callback
from reminders.services.confirmations import confirm
from reminders.services.preferences.change import Changed, change
from reminders.services.preferences.errors import PreferenceError
from tests.scenario.test_ledger import due
from tests.scenario.test_locks import waiting
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
        confirm(world.resources, world.loop)
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


def test_who_stops_again_is_not_told_again(world: World) -> None:
    """The law allows one confirmation after an opt-out, and nothing more (S1.19)."""
    due(world)
    says(world, "STOP", "m-1")
    says(world, "STOP", "m-2")
    confirm(world.resources, world.loop)
    says(world, "STOP", "m-3")
    confirm(world.resources, world.loop)
    assert len(world.sms.sent) == 1


def test_who_shares_a_number_is_told_once(world: World) -> None:
    due(world)
    world.customer("C-2", contact_points=[{"channel": "sms", "address": FROM}])
    says(world, "STOP")
    confirm(world.resources, world.loop)
    assert len(world.sms.sent) == 1


def test_a_stop_that_cannot_be_obeyed_is_not_said_to_be_but_read_by_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PreferenceError("not kept")

    due(world)
    monkeypatch.setattr(inbound_service, "change", refuse)
    says(world, "STOP")
    assert confirm(world.resources, world.loop) == 0
    assert world.rows("SELECT meaning, state FROM inbound_message") == [("stop", "open")]
    assert world.rows("SELECT kind FROM human_task") == [("reply",)]


def posted(world: World, text: str, entry: str, ref: str = "") -> None:
    """By a provider that gives no instant, and perhaps no id."""
    body = json.dumps([{"from": FROM, "text": text, "id": ref, "at": UNDATED.isoformat()}])
    receipts.apply(world.resources, [Callback(entry, "memory-sms", body.encode())])


def test_the_second_stop_without_id_and_instant_is_obeyed_as_the_first(world: World) -> None:
    due(world)
    posted(world, "STOP", "1-0")
    posted(world, "START", "2-0")
    assert not opted_out(world)
    posted(world, "STOP", "1-0")  # the same entry, read again
    assert not opted_out(world)
    posted(world, "STOP", "3-0")
    assert opted_out(world)


def test_a_copy_without_instant_is_known_in_the_next_month(world: World) -> None:
    world.clock.set(world.clock.now() + timedelta(days=30))
    due(world)
    posted(world, "STOP", "1-0", ref="SM1")
    posted(world, "START", "2-0", ref="SM2")
    world.clock.set(world.clock.now() + timedelta(days=2))
    posted(world, "STOP", "3-0", ref="SM1")
    assert not opted_out(world)


def test_a_start_written_before_the_stop_does_not_undo_it(world: World) -> None:
    due(world)
    earlier = world.clock.now() - timedelta(minutes=5)
    says(world, "STOP", "m-2")
    world.posts({"from": FROM, "text": "START", "id": "m-1", "at": earlier.isoformat()})
    assert opted_out(world)
    assert world.rows("SELECT kind FROM human_task") == [("reply",)]


def test_help_is_answered_once_a_day(world: World) -> None:
    """Two machines that answer each other would do so for ever."""
    due(world)
    for number in range(3):
        says(world, "HELP", f"m-{number}")
    confirm(world.resources, world.loop)
    assert len(world.sms.sent) == 1


def test_while_all_sending_is_suspended_a_confirmation_waits_but_not_for_long(
    world: World,
) -> None:
    due(world)
    number = incidents.open_incident(world.resources, "*", "on-call", "wrong texts")
    says(world, "STOP")
    assert confirm(world.resources, world.loop) == 0
    assert opted_out(world)
    world.clock.set(world.clock.now() + timedelta(days=2))
    incidents.close_incident(world.resources, number, "on-call", "mended")
    assert confirm(world.resources, world.loop) == 0
    assert world.rows("SELECT state FROM inbound_message") == [("done",)]


def test_one_confirmation_that_breaks_does_not_keep_back_the_others(world: World) -> None:
    due(world)
    world.customer("C-2")
    says(world, "STOP")
    says(world, "STOP", "m-2", "+8616100000002")

    def script(message: Message) -> Outcome:
        if message.address == FROM:
            raise RuntimeError("broken")
        return Accepted("r")

    world.sms.script = script
    assert confirm(world.resources, world.loop) == 1


@pytest.mark.parametrize("text", ["", "\x00\x01", "x" * 5000, "\ud83d", "S\u0336T\u0336OP\u200b"])
def test_whatever_is_written_is_taken_in(world: World, text: str) -> None:
    due(world)
    says(world, text)
    assert world.rows("SELECT count(*) FROM inbound_message") == [(1,)]


@pytest.mark.parametrize("year", ["0001-01-02", "2019-05-05", "9999-12-30"])
def test_an_instant_far_off_does_not_keep_back_a_stop(world: World, year: str) -> None:
    due(world)
    world.posts({"from": FROM, "text": "STOP", "id": "m", "at": f"{year}T00:00:00+00:00"})
    assert opted_out(world)


def test_an_answer_that_names_our_message_is_its_customers_in_any_spelling(world: World) -> None:
    due(world)
    world.deliver()
    attempt = str(world.last_attempt())
    for named in ("no-id-at-all", "00000000-0000-0000-0000-000000000000", attempt):
        world.posts({"from": "00861610-1", "text": "STOP", "id": named, "attempt": named})
    assert opted_out(world)


def test_what_cannot_be_taken_in_is_kept_and_keeps_back_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ValueError("odd")

    due(world)
    with monkeypatch.context() as broken:
        broken.setattr(inbound_service, "meaning_of", breaks)
        says(world, "STOP")
    assert world.dead() == [("receipt", "what a customer wrote could not be taken in")]
    says(world, "STOP", "m-2")
    assert opted_out(world)


def test_who_shares_a_number_is_told_once_though_whoever_took_it_in_died_between_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies_at_the_second(*args: Any, **how: Any) -> Changed:  # Any: those of `change`
        if args[1] == "C-2":
            raise KeyboardInterrupt
        return change(*args, **how)

    due(world)
    world.customer("C-2", contact_points=[{"channel": "sms", "address": FROM}])
    with monkeypatch.context() as dying:
        dying.setattr(inbound_service, "change", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            says(world, "STOP")
    says(world, "STOP")
    assert opted_out(world)
    assert world.facts("C-2").customer.opted_out("sms", "pre_due")
    for _ in range(2):
        confirm(world.resources, world.loop)
    assert len(world.sms.sent) == 1


def stops_twice_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second copy looks before the first has written anything."""

    def and_again(*args: Any, **how: Any) -> Changed:  # Any: as above
        made = change(*args, **how)
        with monkeypatch.context() as blind:
            blind.setattr(inbound_service, "change", change)
            blind.setattr(inbound_ledger, "known", lambda *_: {})
            says(world, "STOP")
        return made

    with monkeypatch.context() as twice:
        twice.setattr(inbound_service, "change", and_again)
        says(world, "STOP")


def test_two_copies_at_once_are_obeyed_and_confirmed_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looked before the first had written anything, and goes on once it is obeyed."""
    due(world)
    stops_twice_at_once(world, monkeypatch)
    assert [confirm(world.resources, world.loop) for _ in range(2)] == [1, 0]


def test_two_copies_at_once_tell_those_who_share_a_number_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1.19: the second finds the first customer done, and the other one still to do."""
    due(world)
    world.customer("C-2", contact_points=[{"channel": "sms", "address": FROM}])
    stops_twice_at_once(world, monkeypatch)
    assert opted_out(world)
    assert world.facts("C-2").customer.opted_out("sms", "pre_due")
    assert [confirm(world.resources, world.loop) for _ in range(2)] == [1, 0]


def test_who_confirms_at_an_address_is_waited_for(world: World) -> None:
    """Neither of two copies may look before the other one has written."""
    due(world)
    world.customer("C-2", contact_points=[{"channel": "sms", "address": FROM}])
    digest = world.resources.ring.hash(f"sms:{FROM}")
    with ThreadPoolExecutor(1) as aside, world.engine.connect() as other:
        assert not inbound_ledger.told(other, digest, [])
        taken: Future[object] = aside.submit(says, world, "STOP")
        assert "advisory" in waiting(world, taken)
        other.rollback()
        taken.result(60)
    assert [confirm(world.resources, world.loop) for _ in range(2)] == [1, 0]


def test_a_stop_between_claim_and_gate_is_obeyed(world: World) -> None:
    due(world)
    claimed = world.claim("sms")
    assert claimed
    says(world, "STOP")
    passed = world.gate(claimed)
    assert {each.attempt.attempt.channel for each in passed.handovers} <= {"email"}
