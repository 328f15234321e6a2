"""A simulation learns the hour of its own customers where the policy asks for it (S3.14, S4.22)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from reminders.domain.policy import Policy, SendTime
from reminders.services.simulate.engine import simulate
from reminders.services.simulate.event_file import EventFile
from reminders.services.simulate.fates import Model
from reminders.services.simulate.play import Play, Setting
from reminders.services.simulate.report import report
from reminders.services.simulate.tally import Tally
from tests.unit.services.simulate.history import (
    Event,
    bill,
    channel,
    facts,
    known,
    model,
    paid,
    policy,
    write,
)

ASKS = SendTime(time(11), {}, timedelta(hours=2))
# Every message is delivered at once and read eight hours after that: at 19:00 of one sent at 11:00.
READERS = model(sms=channel(read=1.0, reading=(8 * 3600,) * 5))
UNREAD = model()


def bills(count: int) -> list[Event]:
    """A bill each week from 20 March on: three notices before each, one after."""
    days = [datetime(2026, 3, 20, tzinfo=UTC) + timedelta(days=7 * n) for n in range(count)]
    return [known("C-1"), *(bill("C-1", f"{day:%Y-%m-%d}", name=f"B-{day:%m%d}") for day in days)]


def hours(rule: Policy, assumed: Model, events: list[Event]) -> list[int]:
    """The local hours of all messages, in order."""
    tally = Tally()
    Play("C-1", facts(*events), Setting(rule, assumed), tally).run()
    return [
        (datetime.fromtimestamp(60 * minute, UTC) + timedelta(hours=8)).hour
        for minute in sorted(Counter(tally.minutes).elements())
    ]


def test_after_some_readings_it_waits_for_the_hour_of_reading() -> None:
    found = hours(replace(policy(), send_time=ASKS), READERS, bills(4))
    assert found[:3] == [11] * 3  # little is known yet: the policy's hour
    assert found[4] == 19
    assert set(found) == {11, 19}  # later some were read in the night, which is no hour to write at
    assert hours(policy(), READERS, bills(4)) == [10] * len(found)  # nobody asked for it


def test_payments_of_the_past_are_learned_from_too() -> None:
    paying = [paid("C-1", f"2026-02-{day:02}T09:00:00Z") for day in (10, 17, 24)]
    found = hours(replace(policy(), send_time=ASKS), UNREAD, [*bills(2), *paying])
    assert set(found) == {17}


def test_nothing_read_and_nothing_paid_is_the_policys_hour() -> None:
    assert set(hours(replace(policy(), send_time=ASKS), UNREAD, bills(2))) == {11}


def test_the_report_tells_what_switching_it_on_changes(tmp_path: Path) -> None:
    source = EventFile(write(tmp_path / "weeks.ndjson", bills(4)))
    asks = replace(policy(name="asks"), send_time=ASKS)
    told = report(simulate(source, (asks, policy()), READERS))
    candidate, live = told["candidate"], told["live"]
    assert candidate["deferred_hours"]["send_time"] > 20
    assert "send_time" not in live["deferred_hours"]
    assert candidate["bills_read_before_due"] == live["bills_read_before_due"] == 4
    assert told["difference"]["read_before_due"] == 0
    assert candidate["hash"] != live["hash"]
