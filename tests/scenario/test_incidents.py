"""Incident mode: reroute at once, list whom it touched, send what is still of use afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import Connection, text

from channels.fleet import Fleet
from channels.health import Standing, Unwatched
from reminders.domain.case import EVERY_CHANNEL
from reminders.domain.human_task import TaskKind, TaskState
from reminders.domain.kinds import MessageClass
from reminders.domain.outcome import Transient
from reminders.domain.rules import rules_of
from reminders.ledger import incidents as ledger
from reminders.ledger.incidents import Incident
from reminders.services import incidents
from reminders.services.closing import closes_at
from reminders.services.deliver import deliver
from reminders.services.incident_tasks import LOOKED_AT_WITHIN
from reminders.services.incidents import IncidentError, Mode
from reminders.services.tasks import acts, queue
from tests.scenario.test_ledger import due, three_due
from tests.scenario.world import START, Free, World


def declare(world: World, channel: str = "sms") -> int:
    return incidents.open_incident(world.resources, channel, "on-call", "the gateway is down")


def test_a_channel_that_is_down_is_passed_over_at_once(world: World) -> None:
    due(world)
    number = declare(world)
    world.deliver()
    assert [each.split()[0] for each in world.attempts()] == ["email"]
    (touched,) = incidents.affected(world.resources, number)
    assert (touched.customer, touched.effect, touched.channel) == ("C-1", "rerouted", "sms")
    assert incidents.status(world.resources).mode is Mode.DEGRADED


def test_opt_outs_hold_in_an_incident(world: World) -> None:
    due(world)
    world.opt_out("email")
    world.opt_out("in_app")
    declare(world)
    world.deliver()
    assert world.attempts() == []


def test_hours_hold_in_an_incident(world: World) -> None:
    due(world)
    world.clock.set(world.clock.now() + timedelta(hours=13))  # 23:00 in Taipei
    declare(world)
    world.deliver()
    assert world.attempts() == []
    world.run_until(world.clock.now() + timedelta(hours=12))
    assert [each.split()[0] for each in world.attempts()] == ["email"]


def test_caps_hold_in_an_incident(world: World) -> None:
    """Two bills, one message a day: that one is sent, and by mail."""
    world.use("incident-caps", limits={"per_day": 1, "per_bill": 12})
    world.customer()
    world.bill("B-1")
    world.bill("B-2")
    world.opt_out("in_app")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    declare(world)
    world.deliver()
    assert [each.split()[0] for each in world.attempts()] == ["email"]


def test_suspended_sending_waits_and_says_so(world: World) -> None:
    due(world)
    number = declare(world, EVERY_CHANNEL)
    world.deliver()
    assert world.attempts() == []
    assert incidents.status(world.resources).mode is Mode.SUSPENDED
    assert {each.effect for each in incidents.affected(world.resources, number)} == {"put off"}


def test_the_end_of_an_incident_sends_what_is_still_of_use(world: World) -> None:
    due(world)
    number = declare(world, EVERY_CHANNEL)
    world.deliver()
    world.clock.set(world.clock.now() + timedelta(hours=3))
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    world.deliver()
    assert [each.split()[0] for each in world.attempts()] == ["sms"]
    assert incidents.status(world.resources).mode is Mode.RECOVERING


def test_of_each_bill_only_the_newest_stage_is_sent_and_the_rest_expires(world: World) -> None:
    due(world)
    number = declare(world, EVERY_CHANNEL)
    world.run_until(world.clock.now() + timedelta(days=3))
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    world.run_until(world.clock.now() + timedelta(minutes=1))
    assert len(world.attempts()) == 1
    effects = {each.effect for each in incidents.affected(world.resources, number)}
    assert "expired" in effects
    assert "expired channel_down" in set(world.states().values())


def test_a_long_incident_is_not_written_down_every_minute(world: World) -> None:
    due(world)
    declare(world, EVERY_CHANNEL)
    world.run_until(world.clock.now() + timedelta(hours=6))
    told = world.rows("SELECT count(*) FROM decision WHERE reason = 'channel_down'")
    assert told[0][0] <= 2


@pytest.mark.parametrize(
    ("channel", "actor", "reason", "says"),
    [
        ("smss", "me", "why", "none of"),
        ("sms", "", "why", "say who"),
        ("sms", "me", " ", "say why"),
        ("sms", "Breaker", "why", "by itself"),
    ],
)
def test_nonsense_is_refused_in_a_line(
    world: World, channel: str, actor: str, reason: str, says: str
) -> None:
    with pytest.raises(IncidentError, match=says):
        incidents.open_incident(world.resources, channel, actor, reason)


def test_one_incident_a_channel_and_each_ends_once(world: World) -> None:
    number = declare(world)
    with pytest.raises(IncidentError, match="open already"):
        declare(world)
    incidents.close_incident(world.resources, number, "me", "over")
    with pytest.raises(IncidentError, match="is open"):
        incidents.close_incident(world.resources, number, "me", "over")


def test_the_end_of_an_incident_wakes_what_waits_in_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million reminders in one transaction would hold up everybody."""
    limits = replace(world.resources.limits, batch=2)
    for number in range(1, 6):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    opened = declare(world, EVERY_CHANNEL)
    world.deliver()
    world.clock.set(world.clock.now() + timedelta(seconds=30))
    resources = replace(world.resources, limits=limits)
    woken: list[int] = []
    wake = ledger.wake

    def counted(*args: object, **named: object) -> int:
        woken.append(wake(*args, **named))  # type: ignore[arg-type]  # passed through
        return woken[-1]

    monkeypatch.setattr(ledger, "wake", counted)
    incidents.close_incident(resources, opened, "on-call", "it works again")
    assert woken == [2, 2, 1]


def test_two_watches_at_once_open_one_incident(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fleet, "down", lambda _: {"sms": "its provider\nfails " + "x" * 600})
    incidents.watch(world.resources)
    world.clock.set(world.clock.now() + world.resources.limits.channel_down_after)
    incidents.watch(world.resources)
    with monkeypatch.context() as late:
        late.setattr(ledger, "open_now", _first_empty(ledger.open_now))
        assert incidents.watch(world.resources) == []
    assert world.rows("SELECT count(*) FROM incident_act") == [(1,)]


def _first_empty(
    read: Callable[[Connection], list[Incident]],
) -> Callable[[Connection], list[Incident]]:
    """The other watch looked before the incident was open."""
    looked: list[int] = []

    def look(connection: Connection) -> list[Incident]:
        looked.append(1)
        return [] if len(looked) == 1 else read(connection)

    return look


def test_bills_that_a_message_takes_along_are_touched_too(world: World) -> None:
    three_due(world)
    number = declare(world)
    world.deliver()
    touched = incidents.affected(world.resources, number)
    assert [each.bill_id for each in touched] == ["B-0", "B-1", "B-2"]


def test_people_learn_of_an_incident_by_a_task_which_ends_with_it(world: World) -> None:
    number = declare(world)
    (task,) = queue.listed(world.resources, TaskKind.INCIDENT)
    assert task.due_at - task.made_at == LOOKED_AT_WITHIN
    shown = queue.show(world.resources, str(task.task_id))
    assert f"Incident {number}: sms is down, by on-call: the gateway is down" in shown.text
    assert f"reminders incident affected {number}" in shown.text
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    assert queue.listed(world.resources, TaskKind.INCIDENT) == []
    shown = queue.show(world.resources, str(task.task_id))
    assert [act.note for act in shown.acts] == ["the incident is over: it works again"]


def test_who_has_taken_an_incidents_task_says_when_it_is_done(world: World) -> None:
    number = declare(world)
    (task,) = queue.listed(world.resources, TaskKind.INCIDENT)
    acts.take(world.resources, str(task.task_id), "li.wei")
    incidents.close_incident(world.resources, number, "on-call", "it works again")
    (task,) = queue.listed(world.resources, TaskKind.INCIDENT)
    assert task.state is TaskState.TAKEN
    acts.done(world.resources, str(task.task_id), "li.wei", "told the service desk")


def _twelve_wait(world: World) -> int:
    """Reminders of twelve customers, for the end of the incident whose number is given."""
    for number in range(12):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))
    opened = declare(world, EVERY_CHANNEL)
    world.deliver()
    return opened


def test_what_waited_is_looked_at_little_by_little_and_in_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = _twelve_wait(world)
    ends = "UPDATE reminder SET expires_at = :at WHERE bill_id = 'B-3'"
    soon = world.clock.now() + timedelta(seconds=100)
    with world.engine.begin() as connection:
        connection.execute(text(ends), {"at": soon})
    monkeypatch.setattr(Fleet, "rate_per_s", lambda *_: 1.0)  # 12 of them: four minutes
    incidents.close_incident(world.resources, opened, "on-call", "it works again")
    now = world.clock.now()
    woken = world.rows(
        "SELECT bill_id, next_at FROM reminder WHERE reason = '' AND state = 'planned'"
        " AND next_at < :soon",
        soon=now + timedelta(minutes=5),
    )
    waits = {bill: (next_at - now).total_seconds() for bill, next_at in woken}
    assert len(waits) == 12
    assert len(set(waits.values())) > 6
    assert 0 <= min(waits.values()) <= max(waits.values()) <= 240
    assert waits["B-3"] <= 20  # whose use ends first: the first of twelve places


def test_what_waited_goes_before_its_hours_close(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spread would end half an hour later: half of them would go tomorrow, if at all."""
    opened = _twelve_wait(world)
    rules = rules_of(world.resources.book.active, "TW", MessageClass.SERVICE_NOTICE)
    now = world.clock.now()
    closes = closes_at(rules.hours, ("Asia/Taipei",), now, now + timedelta(days=1))
    world.clock.set(closes - timedelta(minutes=10))
    world.deliver()
    monkeypatch.setattr(Fleet, "rate_per_s", lambda *_: 0.1)
    incidents.close_incident(world.resources, opened, "on-call", "it works again")
    world.run_until(closes - timedelta(minutes=2))
    assert len(world.sms.sent) == 12
    assert all(sent.at < closes for sent in world.sms.sent)
    halves = Counter(sent.at < closes - timedelta(minutes=7.5) for sent in world.sms.sent)
    assert halves[True] > 3  # evenly over half of what is left
    assert halves[False] > 3


def test_what_can_go_neither_today_nor_later_ends_at_once_and_says_why(world: World) -> None:
    due(world)
    opened = declare(world, EVERY_CHANNEL)
    world.deliver()
    night = world.clock.now() + timedelta(hours=13)
    world.clock.set(night)
    with world.engine.begin() as connection:
        ends = text("UPDATE reminder SET expires_at = :at WHERE next_at < :at")
        connection.execute(ends, {"at": night + timedelta(hours=1)})
    world.deliver()
    incidents.close_incident(world.resources, opened, "on-call", "it works again")
    world.deliver()
    assert world.sms.sent == []
    assert "suppressed no_legal_hour" in set(world.states().values())


class Standings(Unwatched):
    """Every SMS provider stands like this; so many probes are to be had."""

    def __init__(self, standing: Standing, probes: int = 0) -> None:
        self.standing, self.probes = standing, probes

    def standings(self, providers: Collection[str]) -> Mapping[str, Standing]:
        return {each: self.standing for each in providers if "sms" in each}

    def probe(self, provider: str, wanted: int) -> int:
        granted = min(wanted, self.probes)
        self.probes -= granted
        return granted


PROBED = Standing(0.01, "cooled down", probing=True)
TO_AND_FRO = ("sms", "email") * 4


def stand(world: World, standing: Standing, probes: int = 0) -> None:
    providers = tuple(world.resources.fleet.by_name.values())
    fleet = Fleet(providers, Free(), Standings(standing, probes))
    world.resources = replace(world.resources, fleet=fleet)


def opened_by_itself(world: World) -> int:
    """The incident that opens once every SMS provider has failed for long enough."""
    stand(world, Standing(0.0, "60 % of calls failed"))
    incidents.watch(world.resources)
    world.clock.set(world.clock.now() + world.resources.limits.channel_down_after)
    incidents.watch(world.resources)
    (opened,) = incidents.status(world.resources).open
    return opened.number


def five_due(world: World) -> None:
    for number in range(5):
        world.customer(f"C-{number}")
        world.bill(f"B-{number}", who=f"C-{number}")
    world.evaluate()
    world.clock.set(START + timedelta(days=7))


@pytest.mark.parametrize("probes", [0, 2])
def test_what_is_no_probe_goes_by_the_next_channel_at_once(world: World, probes: int) -> None:
    """Waiting for probes would pile it up, and it would leave in one burst afterwards."""
    five_due(world)
    stand(world, PROBED, probes)
    delivered = deliver(world.resources, "sms", world.loop)
    assert delivered.sent == probes
    world.deliver()
    channels = Counter(each.split()[0] for each in world.attempts())
    assert channels == Counter({"sms": probes, "email": 5 - probes})


def test_what_is_to_be_tried_again_is_not_handed_to_and_fro(world: World) -> None:
    """The lane of the probed channel has no probe for it and knows the one that it came from."""
    due(world)
    stand(world, Standing(0.0, "60 % of calls failed"))
    world.email.script = lambda message: Transient("busy")
    world.deliver()
    assert world.attempts() == ["email first failed"]
    stand(world, PROBED)
    (again_at,) = world.rows("SELECT retry_at FROM attempt")[0]
    world.clock.set(again_at)
    decided = [deliver(world.resources, lane, world.loop).decided for lane in TO_AND_FRO]
    assert sum(decided) <= 2, decided
    assert world.attempts() == ["email first failed", "email retry failed"]


def test_the_breakers_incident_lasts_until_more_than_probes_is_taken(world: World) -> None:
    stand(world, Standing(0.0, "60 % of calls failed"))
    incidents.watch(world.resources)
    world.clock.set(world.clock.now() + world.resources.limits.channel_down_after)
    assert [each.split()[0] for each in incidents.watch(world.resources)] == ["incident"]
    stand(world, PROBED)
    assert incidents.watch(world.resources) == []
    stand(world, Standing(0.1, "8 probes were good"))
    assert "closed" in incidents.watch(world.resources)[0]


def test_a_probe_passes_the_breakers_incident_but_none_of_a_persons(world: World) -> None:
    five_due(world)
    number = opened_by_itself(world)
    stand(world, PROBED, probes=1)
    assert deliver(world.resources, "sms", world.loop).sent == 1
    incidents.close_incident(world.resources, number, "on-call", "by hand")
    declare(world)
    stand(world, PROBED, probes=1)
    assert deliver(world.resources, "sms", world.loop).sent == 0


def test_a_person_takes_over_what_opened_by_itself_and_it_stays_until_they_end_it(
    world: World,
) -> None:
    first = opened_by_itself(world)
    second = declare(world)
    stand(world, Standing(1.0))
    assert incidents.watch(world.resources) == []
    found = incidents.status(world.resources)
    assert [one.number for one in found.open] == [second]
    (over,) = found.recent
    assert (over.number, over.closed_by) == (first, "on-call")
    assert over.closed_why == "taken over: the gateway is down"
    with pytest.raises(IncidentError, match="open already"):
        declare(world)
    assert len(queue.listed(world.resources, TaskKind.INCIDENT)) == 1


def test_closed_while_its_providers_still_fail_another_opens_not_at_once(world: World) -> None:
    five_due(world)
    number = opened_by_itself(world)
    incidents.close_incident(world.resources, number, "on-call", "it looks well")
    assert incidents.watch(world.resources) == []
    world.deliver()
    assert {each.split()[0] for each in world.attempts()} == {"email"}
    world.clock.set(world.clock.now() + world.resources.limits.channel_down_after)
    assert [each.split()[0] for each in incidents.watch(world.resources)] == ["incident"]


def test_what_a_crash_left_asleep_looks_again_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(world)
    opened = declare(world, EVERY_CHANNEL)
    world.deliver()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(ledger, "wake", crash)
        with pytest.raises(KeyboardInterrupt):
            incidents.close_incident(world.resources, opened, "on-call", "it works again")
    with pytest.raises(IncidentError, match="no incident"):
        incidents.close_incident(world.resources, opened, "on-call", "once more")
    assert incidents.status(world.resources).open == []
    world.run_until(world.clock.now() + timedelta(minutes=11))
    assert [each.split()[0] for each in world.attempts()] == ["sms"]


def test_what_waits_is_woken_also_where_redis_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(world)
    opened = declare(world, EVERY_CHANNEL)
    world.deliver()
    world.clock.set(world.clock.now() + timedelta(seconds=30))
    asleep = "SELECT 1 FROM reminder WHERE reason = 'channel_down'"
    assert len(world.rows(asleep)) == 1

    def away(*_: object) -> None:
        raise RedisConnectionError("away")

    with monkeypatch.context() as lost:
        lost.setattr(world.resources.redis, "delete", away)
        incidents.close_incident(world.resources, opened, "on-call", "it works again")
    assert world.rows(asleep) == []


def test_everyone_affected_is_listed_page_by_page(world: World) -> None:
    five_due(world)
    number = declare(world)
    world.deliver()
    pages = [incidents.affected(world.resources, number, 2, page) for page in (1, 2, 3, 4)]
    assert [len(each) for each in pages] == [2, 2, 1, 0]
    listed = [each.customer for page in pages for each in page]
    assert sorted(listed) == [f"C-{each}" for each in range(5)]


def test_whom_it_touched_before_it_opened_is_listed_as_well(world: World) -> None:
    """For a minute its channel is down and no incident: what was due then went another way too."""
    five_due(world)
    stand(world, Standing(0.0, "60 % of calls failed"))
    incidents.watch(world.resources)
    world.deliver()
    number = opened_by_itself(world)
    touched = incidents.affected(world.resources, number)
    assert sorted(each.customer for each in touched) == [f"C-{each}" for each in range(5)]
    assert {(each.effect, each.channel) for each in touched} == {("rerouted", "sms")}
    assert incidents.watch(world.resources) == []
    assert len(incidents.affected(world.resources, number)) == 5


def test_a_moment_that_became_no_incident_is_forgotten(world: World) -> None:
    five_due(world)
    stand(world, Standing(0.0, "60 % of calls failed"))
    world.deliver()
    assert len(world.rows("SELECT 1 FROM incident_effect")) == 5
    incidents.watch(world.resources)
    stand(world, Standing(1.0))
    incidents.watch(world.resources)
    assert world.rows("SELECT 1 FROM incident_effect") == []
    number = declare(world)
    assert incidents.affected(world.resources, number) == []


@pytest.mark.parametrize("number", [0, -1, 77, 1 << 64])
def test_of_an_incident_that_there_is_not_nothing_is_listed(world: World, number: int) -> None:
    with pytest.raises(IncidentError, match="there is no incident"):
        incidents.affected(world.resources, number)
    with pytest.raises(IncidentError, match="there is no incident"):
        incidents.told(world.resources, number, 1)
