"""The closing count sees an end that a reminder did not keep."""

from __future__ import annotations

from sqlalchemy import text

from reminders.ledger.tally import tally
from tests.scenario.test_weeks import WEEKS, begin
from tests.scenario.world import World


def test_an_end_that_was_taken_back_is_unaccounted(world: World) -> None:
    begin(world)
    world.run_until(WEEKS)
    with world.engine.begin() as connection:
        assert tally(connection).one["unaccounted"] == 0
        statement = (
            "UPDATE reminder SET state = 'planned' WHERE reminder_id = ("
            "SELECT reminder_id FROM decision WHERE outcome = 'suppress' LIMIT 1)"
        )
        assert connection.execute(text(statement)).rowcount == 1
        assert tally(connection).one["unaccounted"] == 1
