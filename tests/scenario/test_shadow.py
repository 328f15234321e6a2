"""Replaying the live policy over the ledger reproduces what live really did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from config.settings import SHIPPED
from reminders.services.simulate.model import read_model
from reminders.services.simulate.shadow import shadow, told_of
from reminders.services.simulate.timeline import Window
from tests.scenario.world import START, World

MODEL = read_model(SHIPPED / "simulation" / "model.yaml")
HEARD = """
    SELECT attempt_id FROM attempt a JOIN reminder r USING (customer_id, month, reminder_id)
    WHERE a.channel = 'sms' AND a.state = 'accepted' AND r.bill_id = 'B-3'
"""


def played(world: World) -> None:
    """Four bills: one is paid, one customer opts out, one phone answers, one stays silent."""
    for n in range(1, 5):
        world.customer(f"C-{n}")
        world.bill(f"B-{n}", who=f"C-{n}")

    def answer() -> None:
        for (attempt_id,) in world.rows(HEARD):
            world.receipt(attempt_id, "delivered")

    world.run_until(START + timedelta(days=8), answer)
    world.pay("P-1", 100_000, "B-1", who="C-1")
    world.opt_out("sms", who="C-2")
    world.run_until(START + timedelta(days=40), answer)


def test_the_live_policy_is_reproduced_send_by_send(world: World) -> None:
    """Reference §6b.4: the fidelity figure, with a payment, an opt-out and silence in between."""
    played(world)
    live = world.resources.book.active
    window = Window(until_at=world.clock.now())
    result, fidelity = shadow(world.engine, live, live, MODEL, window)
    told = told_of(fidelity)
    assert told["live_attempts"] == len(world.attempts())
    assert told["live_attempts"] > 10
    assert (told["share"], told["only_in_replay"]) == (1.0, 0)
    assert told["same_minute"] == told["live_attempts"]
    assert result.hashes[0] == result.hashes[1]


def test_a_candidate_with_fewer_stages_is_seen_to_send_less(world: World) -> None:
    played(world)
    live = world.resources.book.active
    due = tuple(stage for stage in live.stages if stage.name == "d0")
    candidate = replace(live, name="short", stages=due)
    window = Window(until_at=world.clock.now())
    result, fidelity = shadow(world.engine, candidate, live, MODEL, window)
    ours, theirs = (sum(tally.messages.values()) for tally in result.tallies)
    assert 0 < ours < theirs
    assert fidelity.share == 1.0
    assert result.changed.fewer == 4
