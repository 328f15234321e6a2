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
