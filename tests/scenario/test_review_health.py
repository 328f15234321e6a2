"""Receipts in any order leave an address in one health."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reminders.services.callbacks import Callback
from reminders.services.receipts import apply
from tests.scenario.world import START, World

DUE = START + timedelta(days=7)  # 10:00 in Taipei, three days before the bill of the story

_DEAD = '"status": "undelivered", "dead_contact": true, "reason": "unknown_subscriber"'
_COMPLAINT = '"status": "delivered", "dead_contact": true, "reason": "complaint"'


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("said", "health"),
    [
        ((_DEAD, '"status": "delivered"'), "valid"),
        ((_DEAD, '"status": "read"'), "valid"),
        ((_COMPLAINT, '"status": "read"'), "dead"),
        ((_COMPLAINT, '"status": "delivered"'), "dead"),
    ],
)
def test_receipts_in_any_order_leave_an_address_in_one_health(
    world: World, said: tuple[str, str], health: str, turned: bool
) -> None:
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(DUE)
    world.deliver()
    for words in reversed(said) if turned else said:
        body = f'{{"reference": "{world.last_attempt()}", "at": "{DUE.isoformat()}", {words}}}'
        apply(world.resources, [Callback("1-0", world.sms.name, body.encode())])
    found = world.rows("SELECT health FROM contact_point WHERE channel = 'sms'")
    assert found == [(health,)]


def test_a_receipt_from_the_future_does_not_outweigh_the_next(world: World) -> None:
    world.customer()
    world.bill()
    world.evaluate()
    world.clock.set(DUE)
    world.deliver()
    far = DUE + timedelta(days=3000)
    world.receipt(world.last_attempt(), "delivered", at=far)
    world.run_until(DUE + timedelta(days=3, hours=1))
    assert len(world.attempts()) > 1
    now = world.clock.now()
    dead = {"reference": str(world.last_attempt()), "status": "undelivered", "dead_contact": True}
    world.posts(dead | {"at": now.isoformat()})
    assert world.rows("SELECT health FROM contact_point WHERE channel = 'sms'") == [("dead",)]


def test_a_reader_that_fails_leaves_a_dead_letter_and_the_others_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(post: object) -> None:
        raise KeyError("odd")

    monkeypatch.setattr(world.email, "hear", broken)
    told = apply(
        world.resources,
        [
            Callback("1-0", world.email.name, b"[]"),
            Callback("2-0", "nobody", b"[]"),
        ],
    )
    assert told.dead == 2
    assert ("receipt", "its reader failed: KeyError") in world.dead()
