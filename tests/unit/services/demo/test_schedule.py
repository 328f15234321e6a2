from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest

from reminders.events.errors import EventError
from reminders.events.parse import parse_event
from reminders.services.demo.generated import generated
from reminders.services.demo.schedule import Slot, published_line, schedule

PORTFOLIO = generated(120, 4)
SLOTS = list(schedule(PORTFOLIO, 4))


def test_every_event_is_published_on_its_own_day_and_not_before_it_happened() -> None:
    first: dict[bytes, Slot] = {}
    for slot in SLOTS:
        for body in slot.events:
            first.setdefault(body, slot)
    for event in PORTFOLIO.events:
        at = first[event.body].at
        assert at.date() == event.at.date()
        assert at > event.at


def test_a_tenth_is_published_twice_at_most_a_day_later() -> None:
    seen: dict[bytes, list[Slot]] = {}
    for slot in SLOTS:
        for body in slot.events:
            seen.setdefault(body, []).append(slot)
    twice = [seen[event.body] for event in PORTFOLIO.events if len(seen[event.body]) == 2]
    assert all(later.at - slot.at < timedelta(days=2) for slot, later in twice)
    assert len(twice) == sum(slot.duplicates for slot in SLOTS)
    assert 0.07 < len(twice) / len(PORTFOLIO.events) < 0.13


def test_slots_count_what_they_hold_besides_the_portfolio() -> None:
    total = sum(len(slot.events) for slot in SLOTS)
    added = sum(slot.duplicates + slot.conflicts + slot.malformed for slot in SLOTS)
    assert total == len(PORTFOLIO.events) + added


def test_a_conflict_comes_after_the_event_whose_id_it_takes() -> None:
    bodies: dict[str, list[bytes]] = {}
    conflicts = malformed = 0
    for slot in SLOTS:
        for body in slot.events:
            try:
                event = parse_event(body)
            except EventError:
                malformed += 1
                continue
            earlier = bodies.setdefault(event.id, [])
            conflicts += bool(earlier) and body not in earlier
            earlier.append(body)
    own = {event.body for event in PORTFOLIO.events}
    assert all(known[0] in own for known in bodies.values())
    assert conflicts == sum(slot.conflicts for slot in SLOTS) == 3
    assert malformed == sum(slot.malformed for slot in SLOTS) == 3


def test_one_seed_gives_one_shuffled_order() -> None:
    assert list(schedule(PORTFOLIO, 4)) == SLOTS
    other = [slot.events for slot in schedule(PORTFOLIO, 5)]
    assert other != [slot.events for slot in SLOTS]


def test_slots_are_in_order_of_time_and_none_is_empty() -> None:
    moments = [slot.at for slot in SLOTS]
    assert moments == sorted(set(moments))
    assert all(slot.events for slot in SLOTS)
    assert Counter(at.hour for at in moments).keys() == {1, 2, 6}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[]", PORTFOLIO.events[0].body])
def test_a_published_line_is_json_whatever_was_published(body: bytes) -> None:
    line = json.loads(published_line(SLOTS[0].at, 1.5, body))
    assert line["machine"] == 1.5
    assert ("event" in line) != ("malformed" in line)
