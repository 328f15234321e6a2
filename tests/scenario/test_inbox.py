"""The in-app inbox over a real ledger: what is pinned follows the bill, whoever paid it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reminders.ledger import inbox
from reminders.services.inbox import NOTHING, Glance, InboxMessage, glances, messages
from tests.scenario.world import START, World


@pytest.fixture
def reminded(world: World) -> World:
    """A customer with in-app messages about two bills, and one with none."""
    world.customer("C-1", contact_points=[{"channel": "in_app"}])
    world.customer("C-2")
    world.bill("B-1")
    world.bill("B-2", revolving=False)
    world.run_until(START + timedelta(days=12))
    return world


def shown(world: World) -> list[InboxMessage]:
    with world.engine.connect() as connection:
        since = world.resources.since(world.clock.now())
        return messages(connection, world.resources.ring, "C-1", since)


def glance(world: World, who: str = "C-1") -> Glance:
    with world.engine.connect() as connection:
        since = world.resources.since(world.clock.now())
        return glances(connection, {"C-1", "C-2"}, since)[who]


def test_the_most_urgent_of_an_open_bill_is_pinned(reminded: World) -> None:
    seen, found = glance(reminded), shown(reminded)
    assert seen.unread == len(found) > 2
    assert seen.newest == found[0].attempt_id
    assert seen.banner is not None
    assert seen.banner.urgency == max(found, key=lambda each: each.urgency == "high").urgency
    assert all(each.open and each.kind and each.urgency for each in found)
    assert glance(reminded, "C-2") == NOTHING


def test_the_banner_goes_with_its_bill(reminded: World) -> None:
    first = glance(reminded).banner
    assert first is not None
    reminded.pay("P-1", 100_000, first.bill_id)
    second = glance(reminded).banner
    assert second is not None
    assert second.bill_id != first.bill_id
    reminded.pay("P-2", 100_000, second.bill_id)
    assert glance(reminded).banner is None
    assert glance(reminded).unread > 2
    assert not any(each.open for each in shown(reminded))
    reminded.reverse("P-2")
    again = glance(reminded).banner
    assert again is not None
    assert again.bill_id == second.bill_id


def test_a_read_message_is_counted_no_more(reminded: World) -> None:
    before = glance(reminded)
    reminded.receipt(before.newest, "read", channel="in_app")
    after = glance(reminded)
    assert after.unread == before.unread - 1
    assert after.newest != before.newest
    read = {each.attempt_id for each in shown(reminded) if each.read_at is not None}
    assert read == {before.newest}


def test_what_is_counted_as_unread_can_be_opened_however_old(
    reminded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A badge that no look at the inbox takes away would stay for ever."""
    every = shown(reminded)
    assert [each.written_at for each in every] == sorted(
        (each.written_at for each in every), reverse=True
    )
    monkeypatch.setattr(inbox, "MOST", 2)
    while glance(reminded).unread:
        seen = shown(reminded)
        assert len(seen) == 2
        unread = [each.attempt_id for each in seen if each.read_at is None]
        assert len(unread) == glance(reminded).unread
        for attempt_id in unread:
            reminded.receipt(attempt_id, "read", channel="in_app")
    newest = [each.attempt_id for each in every[:2]]
    assert [each.attempt_id for each in shown(reminded)] == newest


def test_who_follows_the_link_of_a_message_has_read_it(reminded: World) -> None:
    """It is no longer pinned, whether or not the app has told that it was read."""
    before = glance(reminded)
    assert before.banner is not None
    followed = before.banner.attempt_id
    acted = {"reference": followed, "status": "acted", "reason": "click"}
    reminded.posts(acted, channel="in_app")
    after = glance(reminded)
    assert after.unread == before.unread - 1
    assert after.banner is not None
    assert after.banner.attempt_id != followed
    assert {each.attempt_id for each in shown(reminded) if each.read_at is not None} == {followed}
