"""The health of an address follows from outcomes, in whatever order they are heard of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from reminders.domain.identity import customer_id
from reminders.domain.outcome import Permanent
from reminders.ledger.contact_points import Sign, SignKind
from reminders.services import maintain
from reminders.services.address_health import judge_addresses
from reminders.services.tasks import queue
from reminders.services.tasks.tend import tend
from tests.scenario.test_ledger import due
from tests.scenario.world import PROFILE, START, World

Said = tuple[SignKind, int]  # and the hour of it


def secret(world: World, channel: str = "sms") -> UUID:
    found: UUID = world.rows(
        "SELECT secret_id FROM contact_point WHERE channel = :channel", channel=channel
    )[0][0]
    return found


def hear(world: World, *batches: Sequence[Said], channel: str = "sms") -> str:
    """Take these in, batch by batch; the health that they leave."""
    address = secret(world, channel)
    for batch in batches:
        signs = [
            Sign(customer_id("C-1"), address, kind, START + timedelta(hours=hour))
            for kind, hour in batch
        ]
        with world.engine.begin() as connection:
            judge_addresses(world.resources, connection, signs, world.clock.now())
    return str(
        world.rows("SELECT health FROM contact_point WHERE channel = :channel", channel=channel)[0][
            0
        ]
    )


def forget(world: World) -> None:
    with world.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE contact_point SET health = 'unknown', why = '', reached_at = NULL,"
                " bounced_at = NULL, failed_at = NULL, failed_before = NULL, failing_since = NULL"
            )
        )


def plain(said: Sequence[Said]) -> str:
    """The same in words: the last reached outweighs what was before it."""
    if any(kind is SignKind.BARRED for kind, _ in said):
        return "dead"
    reached = max((hour for kind, hour in said if kind is SignKind.REACHED), default=-1)
    since = [kind for kind, hour in said if hour > reached]
    if SignKind.DEAD in since:
        return "dead"
    if since.count(SignKind.FAILED) > 1:
        return "suspect"
    return "valid" if reached >= 0 else "unknown"


def test_any_order_in_any_batches_gives_one_health(world: World) -> None:
    world.customer()

    @PROFILE
    @given(st.data())
    def check(data: st.DataObject) -> None:
        said = data.draw(
            st.lists(
                st.tuples(st.sampled_from(SignKind), st.integers(0, 9)), min_size=1, max_size=6
            )
        )
        cut = data.draw(st.integers(0, len(said)))
        turned = data.draw(st.permutations(said))
        forget(world)
        assert hear(world, turned[:cut], turned[cut:]) == plain(said)

    check()


def test_a_failure_beside_it_does_not_hide_that_an_address_is_dead(world: World) -> None:
    """Dead numbers are not paid for twice, whatever comes in the same batch."""
    world.customer()
    assert hear(world, [(SignKind.DEAD, 1), (SignKind.FAILED, 2)]) == "dead"


def test_a_message_that_was_on_its_way_does_not_lift_a_complaint(world: World) -> None:
    world.customer()
    assert hear(world, [(SignKind.BARRED, 1)], [(SignKind.REACHED, 2)]) == "dead"


def test_a_new_address_begins_anew(world: World) -> None:
    world.customer()
    assert hear(world, [(SignKind.FAILED, 1), (SignKind.FAILED, 2)]) == "suspect"
    world.clock.set(START + timedelta(hours=5))
    world.customer(contact_points=[{"channel": "sms", "address": "+8616100000077"}])
    assert hear(world, [(SignKind.FAILED, 3)]) == "unknown"
    assert hear(world, [(SignKind.BARRED, 4)]) == "dead"
    world.clock.set(START + timedelta(hours=6))
    world.customer(contact_points=[{"channel": "sms", "address": "+8616100000078"}])
    assert hear(world, [(SignKind.REACHED, 7)]) == "valid"


def say(world: World, kind: str, hour: int, **data: str) -> str:
    world.clock.set(START + timedelta(hours=hour))
    moment = {"confirmed_at": world.clock.now().isoformat()} if kind == "contact.confirmed" else {}
    world.tell(kind, {"channel": "sms", **data, **moment})
    return hear(world)


def test_a_dead_number_that_is_given_once_more_is_tried_again(world: World) -> None:
    """A profile that is sent again every night says nothing of it, an event of its own does."""
    world.customer()
    assert hear(world, [(SignKind.DEAD, 1)]) == "dead"
    world.clock.set(START + timedelta(hours=2))
    world.customer()
    assert hear(world) == "dead"
    assert say(world, "contact.changed", 3, address="+8616100000001") == "valid"
    assert hear(world, [(SignKind.DEAD, 2)]) == "valid"
    assert hear(world, [(SignKind.DEAD, 4)]) == "dead"


def test_a_number_that_its_customer_uses_is_not_dead(world: World) -> None:
    world.customer()
    assert hear(world, [(SignKind.FAILED, 1), (SignKind.FAILED, 2)]) == "suspect"
    assert say(world, "contact.confirmed", 3) == "valid"
    assert hear(world, [(SignKind.DEAD, 4)]) == "dead"
    assert say(world, "contact.confirmed", 6) == "valid"
    assert hear(world, [(SignKind.DEAD, 5)]) == "valid", "heard of late"
    assert hear(world, [(SignKind.BARRED, 6)]) == "dead"
    assert say(world, "contact.confirmed", 7) == "dead", "a complaint is for good"
    assert say(world, "contact.changed", 8, address="+8616100000001") == "dead"


def test_a_new_number_is_nothing_but_new(world: World) -> None:
    world.customer()
    assert hear(world, [(SignKind.DEAD, 1)]) == "dead"
    assert say(world, "contact.changed", 3, address="+8616100000044") == "unknown"


def test_a_webhook_that_is_given_once_more_is_switched_on(world: World) -> None:
    """As its task tells whoever looks after it."""
    webhook = {"channel": "webhook", "address": "https://hook.example.com/x"}
    world.customer(contact_points=[webhook])
    failures = [(SignKind.FAILED, 0), (SignKind.FAILED, 121)]
    assert hear(world, failures, channel="webhook") == "dead"
    say(world, "contact.changed", 130, **webhook)
    assert hear(world, channel="webhook") == "valid"


def test_a_webhook_is_switched_off_after_five_days_of_failure_alone(world: World) -> None:
    world.customer(contact_points=[{"channel": "webhook", "address": "https://hook.example.com/x"}])
    daily = [(SignKind.FAILED, 24 * day) for day in range(5)]
    assert hear(world, *([each] for each in daily), channel="webhook") == "suspect"
    assert hear(world, [(SignKind.REACHED, 110)], channel="webhook") == "valid"
    assert hear(world, [(SignKind.FAILED, 121)], channel="webhook") == "valid"
    assert hear(world, [(SignKind.FAILED, 242)], channel="webhook") == "dead"
    assert hear(world, [(SignKind.REACHED, 243)], channel="webhook") == "valid"


def test_people_are_told_once_that_a_webhook_was_switched_off(world: World) -> None:
    """By default, whatever the policy: "disabled after days of failure with a notice"."""
    world.customer(contact_points=[{"channel": "webhook", "address": "https://hook.example.com/x"}])
    world.clock.set(START + timedelta(hours=122))
    failures = [(SignKind.FAILED, 0), (SignKind.FAILED, 121)]
    assert hear(world, failures, failures, [(SignKind.FAILED, 122)], channel="webhook") == "dead"
    ((task_id, kind),) = world.rows("SELECT task_id, kind FROM human_task")
    assert kind == "webhook_off"
    told = queue.show(world.resources, str(task_id)).text
    assert "switched off" in told
    assert "2026-03-01 02:00 UTC (5 days)" in told
    assert "hook.example.com/x" not in told
    assert tend(world.resources, None).expired == 0
    assert hear(world, [(SignKind.REACHED, 123)], channel="webhook") == "valid"
    assert tend(world.resources, None).expired == 1, "what works again is no task"
    again = [(SignKind.FAILED, 130), (SignKind.FAILED, 260)]
    assert hear(world, again, channel="webhook") == "dead"
    assert world.rows("SELECT count(*) FROM human_task") == [(2,)]


def test_no_other_dead_address_makes_such_a_task(world: World) -> None:
    world.customer()
    assert hear(world, [(SignKind.DEAD, 1)]) == "dead"
    assert world.rows("SELECT count(*) FROM human_task") == [(0,)]


def test_that_a_webhook_was_switched_off_is_told_by_another_channel(world: World) -> None:
    """S4.23: Standard Webhooks, "Disabling endpoints", asks for such a notice."""
    asked = {"on": "contact_dead", "kind": "contact_update_request", "lasts_hours": 96}
    world.use("on-dead", events=[asked])
    webhook = {"channel": "webhook", "address": "https://hook.example.com/x"}
    world.customer(contact_points=[webhook, {"channel": "email", "address": "li@example.com"}])
    world.clock.set(START + timedelta(hours=121))
    assert hear(world, [(SignKind.FAILED, 0), (SignKind.FAILED, 121)], channel="webhook") == "dead"
    world.bill()
    world.evaluate()
    world.deliver()
    (told,) = [each.message for each in world.email.sent]
    assert told.kind == "contact_update_request"
    assert "contact details" in told.text
    assert "hook.example.com" not in told.text


def test_addresses_in_doubt_are_probed_in_batches_and_a_failure_puts_them_back(
    world: World,
) -> None:
    world.customer()
    hear(world, [(SignKind.FAILED, 1), (SignKind.FAILED, 2)])
    assert maintain.probe(world.resources) == 0
    world.clock.set(START + timedelta(days=15))
    assert maintain.probe(world.resources) == 1
    assert maintain.probe(world.resources) == 0
    assert hear(world) == "unknown"
    assert hear(world, [(SignKind.FAILED, 400)]) == "suspect"


def test_whose_only_address_is_in_doubt_is_still_reached(world: World) -> None:
    due(world)
    world.customer(contact_points=[{"channel": "sms", "address": "+8616100000001"}])
    assert hear(world, [(SignKind.FAILED, 1), (SignKind.FAILED, 2)]) == "suspect"
    world.deliver()
    assert world.attempts() == ["sms first accepted"]


def test_an_address_in_doubt_is_tried_last_until_it_is_probed(world: World) -> None:
    """Its channel comes first again once the doubt is over, also if no rung ever reached it."""
    world.customer()
    hear(world, [(SignKind.FAILED, 1), (SignKind.FAILED, 2)])
    due(world)
    world.deliver()
    assert world.attempts() == ["email first accepted"]
    world.run_until(START + timedelta(days=15))
    assert world.sms.sent == []
    assert maintain.probe(world.resources) == 1
    issued_at = world.clock.now().isoformat()
    world.bill("B-2", due_on="2026-03-20", issued_at=issued_at)
    world.run_until(START + timedelta(days=16, hours=1))
    assert len(world.sms.sent) == 1


def test_a_dead_number_is_not_paid_for_twice(world: World) -> None:
    """By no later stage and no other bill, though its channel comes first."""
    world.sms.script = lambda _: Permanent("unknown subscriber", dead_contact=True)
    due(world)
    world.bill("B-2", due_on="2026-03-20")
    world.run_until(START + timedelta(days=20))
    assert [each.startswith("sms") for each in world.attempts()].count(True) == 1
    assert len(world.email.sent) > 2
