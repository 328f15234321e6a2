"""What is known of a customer hangs on what was said last, and not on what came last (I6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from reminders.services.simulate.facts import Fact, Known

SAID = datetime(2026, 3, 1, 2, tzinfo=UTC)
ADDRESS = "+8616100000099"


def fact(minute: int, kind: str, **data: object) -> Fact:
    rank = SAID + timedelta(minutes=minute), f"e-{minute}"
    return Fact(SAID + timedelta(days=1), kind, rank, data)


def profile(minute: int, *channels: str) -> Fact:
    points = [{"channel": channel, "address": ADDRESS} for channel in channels]
    place = {"language": "en", "time_zone": "Asia/Shanghai", "jurisdiction": "CN"}
    return fact(minute, "customer.updated", **place, contact_points=points, consent={})


@pytest.mark.parametrize("last", [(), ("sms",)])
def test_an_address_is_as_the_newest_statement_has_it(last: tuple[str, ...]) -> None:
    changed = fact(2, "contact.changed", channel="sms", address="+8616100000001")
    told = [profile(1, "email"), changed, profile(3, *last)]
    for order in permutations(told):
        known = Known("C-1")
        for each in order:
            known.hear(each)
        found = {name: address for name, (_, address) in known.addresses.items() if address}
        assert found == dict.fromkeys(last, ADDRESS)
