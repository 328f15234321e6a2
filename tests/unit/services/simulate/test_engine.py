"""The engine sends exactly what the policy says, to the same hash each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reminders.services.simulate.engine import Result, simulate
from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.event_file import EventFile
from reminders.services.simulate.play import Play, Setting
from reminders.services.simulate.report import report
from reminders.services.simulate.tally import Tally
from reminders.services.simulate.timeline import Window
from tests.unit.services.simulate.history import (
    D0,
    D1,
    D3,
    TINY,
    Event,
    bill,
    channel,
    event,
    facts,
    known,
    model,
    paid,
    policy,
    utc,
    write,
)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.ndjson", TINY)


def played(events: list[Event], **given: object) -> Tally:
    tally = Tally()
    rule = given.get("policy", policy())
    assumed = given.get("model", model())
    setting = Setting(rule, assumed)  # type: ignore[arg-type]  # given by name, of the right type
    Play(str(events[0]["data"]["customer_id"]), facts(*events), setting, tally).run()
    return tally


def sent_at(tally: Tally) -> list[str]:
    """When each message was sent, in UTC."""
    minutes = sorted(Counter(tally.minutes).elements())
    return [f"{datetime.fromtimestamp(60 * minute, UTC):%m-%d %H:%M}" for minute in minutes]


def test_three_customers_get_exactly_the_messages_worked_out_by_hand(tiny: Path) -> None:
    """The same plan and decide; see `history.TINY` for the reckoning."""
    told = report(simulate(EventFile(tiny), (policy(),), model()))
    own = told["candidate"]
    assert (told["customers"], told["bills"], told["messages"]) == (3, 3, 5)
    assert own["load"]["days"] == {
        "2026-03-17": {"sms": 2},
        "2026-03-19": {"sms": 1},
        "2026-03-20": {"sms": 1},
        "2026-03-21": {"sms": 1},
    }
    assert own["load"]["peak_minute"] == {
        "at": "2026-03-17T02:00:00+00:00",
        "messages": 2,
        "per_s": 0.03,
    }
    assert own["cost_minor"] == 25
    assert own["kinds"] == {"pre_due": 3, "due_today": 1, "overdue": 1}
    assert own["customers_messaged"] == 2
    assert (own["bills_open_at_due"], own["bills_reached_before_due"]) == (2, 1)
    assert own["reached_before_due"] == 0.5
    assert own["outcomes"]["suppress"] == {"opted_out": 4}
    assert own["outcomes"]["cancel"] == {"settled": 3}
    assert own["tiers"]["R0"]["messages_per_bill"] == round(5 / 3, 4)
    spread = {name: count for name, count in own["messages_per_customer"].items() if count}
    assert spread == {"0": 1, "1": 1, "3-4": 1}


def test_nothing_is_said_after_a_payment_is_known() -> None:
    tally = played([known("C-1"), bill("C-1", "2026-03-20"), paid("C-1", "2026-03-19T02:00:00Z")])
    assert sent_at(tally) == ["03-17 02:00"]  # the payment of the very instant of d-1 comes first


def test_a_payment_taken_back_plans_what_is_ahead_anew() -> None:
    back = event(
        "payment.reversed",
        "back",
        "2026-03-19T12:00:00Z",
        customer_id="C-1",
        payment_id="P-C-1-2026-03-18",
        bill_id="B-C-1",
        reversed_at="2026-03-19T12:00:00Z",
    )
    events = [known("C-1"), bill("C-1", "2026-03-20"), paid("C-1", "2026-03-18T04:00:00Z"), back]
    assert sent_at(played(events)) == ["03-17 02:00", "03-20 02:00", "03-21 02:00"]


def test_a_hold_pauses_and_its_end_lets_the_stage_of_that_time_speak() -> None:
    placed = event(
        "hold.placed",
        "h",
        "2026-03-16T00:00:00Z",
        customer_id="C-1",
        hold_id="H",
        kind="dispute",
        from_at="2026-03-16T00:00:00Z",
    )
    lifted = event(
        "hold.lifted",
        "l",
        "2026-03-19T05:00:00Z",
        customer_id="C-1",
        hold_id="H",
        lifted_at="2026-03-19T05:00:00Z",
    )
    tally = played([known("C-1"), bill("C-1", "2026-03-20"), placed, lifted])
    assert sent_at(tally) == ["03-19 05:00", "03-20 02:00", "03-21 02:00"]
    assert tally.deferred_s["hold"] > 0


def test_a_dead_number_is_followed_by_the_next_channel_and_is_not_tried_again() -> None:
    dead = model(sms=channel(unknown_address=1.0))
    tally = played(
        [known("C-1"), bill("C-1", "2026-03-20")],
        model=dead,
        policy=policy(D3, D1, channels=("sms", "email")),
    )
    assert tally.states["sms", "failed"] == 1
    assert {name for name, _ in tally.messages} == {"email"}
    assert sum(tally.messages.values()) == 2


def test_silence_is_answered_by_the_next_rung_two_hours_later() -> None:
    silent = model(sms=channel(delivered=0.0))
    tally = played(
        [known("C-1"), bill("C-1", "2026-03-20")],
        model=silent,
        policy=policy(D3, channels=("sms", "email")),
    )
    assert sent_at(tally) == ["03-17 02:00", "03-17 04:00"]


def test_an_assumed_opt_out_silences_the_channel_from_then_on() -> None:
    quits = model(sms=channel(opts_out=1.0))
    tally = played([known("C-1"), bill("C-1", "2026-03-20")], model=quits)
    assert sent_at(tally) == ["03-17 02:00"]
    assert tally.opt_outs == {"sms": 1}


def test_only_what_lies_in_the_window_counts(tiny: Path) -> None:
    window = Window(utc("2026-03-19"), utc("2026-03-21"))
    result = simulate(EventFile(tiny), (policy(),), model(), window)
    assert sum(result.tallies[0].messages.values()) == 2


def test_two_policies_are_compared_customer_by_customer(tiny: Path) -> None:
    only_due = policy(D0, name="short")
    told = report(simulate(EventFile(tiny), (only_due, policy()), model()))
    difference = told["difference"]
    assert difference["messages"] == -4
    assert difference["cost_minor"] == -20
    assert difference["customers_no_longer_reached"] == 1
    assert difference["no_longer_reached"] == ["C-1"]
    assert difference["customers_newly_reached"] == 0
    assert difference["channels"] == {"sms": -4}
    turned = report(simulate(EventFile(tiny), (policy(), only_due), model()))["difference"]
    assert turned["newly_reached"] == ["C-1"]
    assert turned["customers_newly_reached"] == 1


def test_the_hash_is_the_same_twice_and_of_one_process_or_two(tmp_path: Path) -> None:
    events = [each for n in range(300) for each in (known(f"C-{n}"), bill(f"C-{n}", "2026-03-20"))]
    path = write(tmp_path / "many.ndjson", events)
    uncertain = model(sms=channel(delivered=0.6, undelivered=0.2, refused=0.1))

    def run(processes: int) -> Result:
        return simulate(EventFile(path), (policy(),), uncertain, processes=processes)

    once, again, apart = run(1), run(1), run(2)
    assert once.hashes == again.hashes == apart.hashes
    assert once.tallies == again.tallies == apart.tallies
    other = simulate(EventFile(path), (policy(),), replace(uncertain, seed=2))
    assert other.hashes != once.hashes


def test_the_order_and_number_of_parts_do_not_change_a_customer(tmp_path: Path) -> None:
    path = write(tmp_path / "many.ndjson", [*reversed(TINY), *TINY])
    whole = EventFile(path)
    result = simulate(whole, (policy(),), model())
    assert whole.heard.duplicates == len(TINY)
    assert sum(result.tallies[0].messages.values()) == 5
    in_parts = simulate(EventFile(path, part_bytes=400), (policy(),), model())
    assert in_parts.tallies == result.tallies


HASHED = """
from pathlib import Path
from reminders.services.simulate.engine import simulate
from reminders.services.simulate.event_file import EventFile
from tests.unit.services.simulate.history import channel, model, policy
assumed = model(sms=channel(delivered=0.6, undelivered=0.2))
print(simulate(EventFile(Path({path!r})), (policy(channels=("sms", "email")),), assumed).hashes[0])
"""


def test_the_hash_does_not_depend_on_the_hash_seed_of_python(tiny: Path) -> None:
    def run(seed: str) -> str:
        done = subprocess.run(  # noqa: S603  (our own interpreter and text)
            [sys.executable, "-c", HASHED.format(path=str(tiny))],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()[-1]

    assert run("1") == run("2")


def test_a_channel_of_which_the_model_says_nothing_is_refused(tiny: Path) -> None:
    with pytest.raises(BadInput, match="says nothing of channel in_app"):
        simulate(EventFile(tiny), (policy(channels=("in_app",)),), model())


def test_malformed_and_conflicting_events_are_counted_and_left_out(tmp_path: Path) -> None:
    other = {**TINY[3], "data": {**TINY[3]["data"], "amount_due_minor": 7, "minimum_due_minor": 7}}
    path = write(tmp_path / "odd.ndjson", [*TINY, other], "{", '{"type": "bill.eaten"}')
    source = EventFile(path)
    result = simulate(source, (policy(),), model())
    assert (source.heard.events, source.heard.malformed, source.heard.conflicts) == (9, 2, 1)
    assert source.heard.first_flaw.startswith("line 10: ")
    assert sum(result.tallies[0].messages.values()) == 5


@pytest.mark.parametrize(
    ("text", "why"), [("", "it holds no event"), ("{\n", "no event in it is valid")]
)
def test_a_file_without_a_usable_event_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "none.ndjson"
    path.write_text(text)
    with pytest.raises(BadInput, match=why):
        simulate(EventFile(path), (policy(),), model())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        EventFile(tmp_path / "missing.ndjson")
