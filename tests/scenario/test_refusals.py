"""Words that are refused: the next channel is used, and where none passes a person is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

from structlog.testing import capture_logs

from channels.contract import WhenUncertain
from channels.fleet import Fleet
from reminders.domain.human_task import TaskKind, TaskState
from reminders.domain.outcome import Permanent
from reminders.messages.errors import TemplateError
from reminders.messages.facts import Facts, Rendered
from reminders.messages.law import NO_LAW, Law
from reminders.messages.templates import TemplateSet
from reminders.services import metrics
from reminders.services.bill_history import BillHistory, load
from reminders.services.explain import explain
from reminders.services.gate import gate
from reminders.services.replaying import Replay, replayed
from reminders.services.tasks import queue
from reminders.services.tasks.tend import tend
from reminders.services.timeline import tell
from tests.scenario.world import START, Free, MemoryChannel, World

D3_AT = START + timedelta(days=7)
WHY = "it says nothing of the rule (Some Act s. 1)"


class Refusing:
    """Templates that fail on some channels."""

    def __init__(self, templates: TemplateSet, channels: Iterable[str]) -> None:
        self._templates = templates
        self.channels = set(channels)

    def render(self, channel: str, facts: Facts, brand: str = "", law: Law = NO_LAW) -> Rendered:
        if channel in self.channels:
            raise TemplateError(WHY)
        return self._templates.render(channel, facts, brand, law)


def refuse(world: World, *channels: str) -> Refusing:
    """A bill whose first message is due, with words that fail on these channels."""
    templates = Refusing(world.resources.templates, channels)
    world.resources = replace(world.resources, templates=cast(TemplateSet, templates))
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(D3_AT)
    return templates


def channels_sent(world: World) -> Sequence[str]:
    return [channel for (channel,) in world.rows("SELECT channel FROM attempt ORDER BY number")]


def d3(world: World) -> tuple[str, str]:
    ((state, reason),) = world.rows("SELECT state, reason FROM reminder WHERE stage = 'd-3'")
    return state, reason


def history(world: World) -> BillHistory:
    (told,) = load(world.resources, "B-1")
    return told


def test_the_next_channel_whose_words_pass_is_used(world: World) -> None:
    refuse(world, "sms")
    world.deliver()
    assert channels_sent(world) == ["email"]
    assert queue.listed(world.resources) == []
    told = history(world)
    (stage,) = explain(told, "d-3")
    (check,) = [each for each in stage.checks if each.rule == "words.sms"]
    assert (check.passed, check.saw) == (False, WHY)
    said = [each.text for each in tell(told) if each.stage == "d-3"]
    assert said[0] == f"SMS not sent: its text could not be written ({WHY})"
    assert {each.shown for each in replayed(told)} == {Replay.SAME}
    assert d3(world) == ("contacting", "")


def test_each_channel_is_passed_over_in_turn(world: World) -> None:
    refuse(world, "sms", "email")
    world.deliver()
    assert channels_sent(world) == ["in_app"]
    assert queue.listed(world.resources) == []


def test_where_no_words_pass_a_person_is_told_once_with_the_rule(world: World) -> None:
    refuse(world, "sms", "email", "in_app")
    with capture_logs() as logs:
        world.deliver()
    assert channels_sent(world) == []
    assert d3(world) == ("suppressed", "content")
    (task,) = queue.listed(world.resources)
    assert (task.kind, task.ref, task.bill_id) == (TaskKind.MESSAGE_REFUSED, "C-1", "B-1")
    assert task.due_at == D3_AT + timedelta(days=1)
    assert queue.show(world.resources, str(task.task_id)).text == (
        "Not sent at stage d-3: the words were refused.\n"
        f"SMS: {WHY}\ne-mail: {WHY}\nin-app message: {WHY}"
    )
    assert [each["event"] for each in logs if each["log_level"] == "error"] == [
        "customer not told: words refused"
    ]
    gauges = {each.name: each.values for each in metrics.read(world.resources)}
    assert gauges["reminders_human_tasks_open"][("message_refused",)] == 1


def test_explain_and_the_timeline_say_why_it_ended(world: World) -> None:
    refuse(world, "sms", "email", "in_app")
    world.deliver()
    told = history(world)
    (stage,) = explain(told, "d-3")
    assert stage.verdict == "not sent: its text could not be written"
    assert [each.rule for each in stage.checks if each.decided] == ["words.sms"]
    assert stage.otherwise.endswith("but for its text, which could not be written")
    ends = [each.text for each in tell(told) if each.kind == "end" and each.stage == "d-3"]
    assert ends == [f"not sent: its text could not be written ({WHY})"]
    assert {each.shown for each in replayed(told)} == {Replay.SAME}


def test_each_stage_has_a_task_and_payment_ends_them(world: World) -> None:
    refuse(world, "sms", "email", "in_app")
    world.run_until(D3_AT + timedelta(days=2))
    stages = world.rows("SELECT r.stage FROM human_task t JOIN reminder r USING (reminder_id)")
    assert sorted(stages) == [("d-1",), ("d-3",)]
    world.pay("P-1", 1_000_000)
    tend(world.resources, None)
    states = {each for (each,) in world.rows("SELECT state FROM human_task")}
    assert states == {TaskState.EXPIRED}


def test_what_was_refused_and_then_failed_elsewhere_is_a_task_too(world: World) -> None:
    refuse(world, "sms", "in_app")
    world.email.script = lambda message: Permanent("no such mailbox", dead_contact=True)
    world.deliver()
    assert channels_sent(world) == ["email"]
    assert d3(world) == ("exhausted", "content")
    assert [each.kind for each in queue.listed(world.resources)] == [TaskKind.MESSAGE_REFUSED]


def test_words_that_are_mended_meanwhile_go_by_the_first_channel(world: World) -> None:
    """It had been led on to the e-mail's lane: there its first words are looked at once more."""
    templates = refuse(world, "sms")
    gate(world.resources, world.claim("sms"))
    assert world.rows("SELECT lane, reason FROM reminder WHERE stage = 'd-3'") == [
        ("email", "content")
    ]
    templates.channels = set()
    world.deliver()
    assert channels_sent(world) == ["sms"]


def carry(world: World, **most: int | None) -> dict[str, MemoryChannel]:
    """SMS providers by name, with the longest text that each takes, and a bill that is due."""
    found = {}
    for name, each in most.items():
        found[name] = provider = MemoryChannel("sms", world.clock, WhenUncertain.ASK)
        provider.name = name
        provider.capabilities = replace(provider.capabilities, max_chars=each)
    others = [each for each in world.resources.fleet.by_name.values() if each is not world.sms]
    world.resources = replace(world.resources, fleet=Fleet((*found.values(), *others), Free()))
    return found


def test_a_provider_that_does_not_carry_the_length_is_left_out(world: World) -> None:
    by = carry(world, short=20, long=1600)
    refuse(world)
    world.deliver()
    assert (len(by["short"].sent), len(by["long"].sent)) == (0, 1)
    assert world.rows("SELECT provider FROM attempt") == [("long",)]
    told = history(world)
    (stage,) = explain(told, "d-3")
    length = len(by["long"].sent[0].message.text)
    saw = [each.saw for each in stage.checks if each.rule == "provider"]
    assert saw == [f"{length} characters: short takes 20"]
    assert {each.shown for each in replayed(told)} == {Replay.SAME}


def test_a_text_that_no_provider_carries_goes_by_the_next_channel(world: World) -> None:
    by = carry(world, short=20, shorter=10)
    refuse(world)
    world.deliver()
    assert not by["short"].sent
    assert not by["shorter"].sent
    assert channels_sent(world) == ["email"]
    assert world.rows("SELECT DISTINCT health FROM contact_point") != [("dead",)]
    (stage,) = explain(history(world), "d-3")
    (saw,) = [each.saw for each in stage.checks if each.rule == "words.sms"]
    assert saw.startswith("too_long: ")
    assert saw.endswith(" characters, at most 20 are carried")


def digest_of_five(world: World, templates_fail_on: str, longest: int | None) -> list[str]:
    """The letters of five bills that are due together, of which each channel takes so much."""
    world.email.capabilities = replace(world.email.capabilities, max_chars=longest)
    world.use("long-digest", digest=True, limits={"per_day": 9, "per_bill": 12})
    for number in range(1, 5):
        world.bill(f"B-1{number}")
    refuse(world, templates_fail_on)
    world.deliver()
    states = world.rows("SELECT state, count(*) FROM reminder WHERE stage = 'd-3' GROUP BY 1")
    assert states == [("contacting", 5)]
    return [each.message.text for each in world.email.sent]


def test_what_was_led_on_for_its_words_shares_a_message_there(world: World) -> None:
    (text,) = digest_of_five(world, "sms", None)
    assert all(f"B-1{number}" in text for number in range(1, 5))


def test_a_digest_takes_as_many_bills_as_its_provider_carries(world: World) -> None:
    (whole,) = digest_of_five(world, "sms", None)
    world.start_again()
    world.email.sent.clear()
    longest = len(whole) - 1
    texts = digest_of_five(world, "sms", longest)
    assert 1 < len(texts) < 5
    assert all(len(text) <= longest for text in texts)


def test_in_a_digest_only_the_bill_with_the_words_is_led_on(world: World) -> None:
    world.use("digest", digest=True, packs={"*": "cn"})
    world.customer()
    for bill in ("B-1", "the-police-7", "B-2"):
        world.bill(bill)
    world.evaluate()
    world.clock.set(D3_AT)
    world.deliver()
    ended = dict(world.rows("SELECT bill_id, state FROM reminder WHERE stage = 'd-3'"))
    assert ended == {"B-1": "contacting", "B-2": "contacting", "the-police-7": "suppressed"}
    (task,) = queue.listed(world.resources)
    text = queue.show(world.resources, str(task.task_id)).text
    assert '"police" is barred: impersonation (cn@' in text
    assert task.bill_id == "the-police-7"
    assert len(world.sms.sent) == 1  # the others share a message all the same
