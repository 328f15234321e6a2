"""A cap on everybody together is judged afterwards, and told apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from reminders.domain.compliance import Cap, Count, Mark, Pack, Scope, Source, Window
from reminders.services.simulate.lender_caps import lender_caps
from reminders.services.simulate.tally import Tally
from tests.unit.services.simulate.history import policy


def test_what_would_not_fit_a_rolling_window_is_counted() -> None:
    cap = Cap(
        cap_id="all",
        count=Count.ATTEMPT,
        limit=5,
        window=Window.ROLLING,
        length=1,
        scope=frozenset({Scope.LENDER}),
        source=Source("house", Mark.HOUSE),
    )
    held = replace(policy(), packs={"p": Pack("p", "1", {}, caps=(cap,))})
    tally = Tally(minutes=Counter({0: 4, 30: 4, 61: 4, 500: 5}))
    assert lender_caps(held, tally) == [
        {
            "cap": "all",
            "limit": 5,
            "cite": "house",
            "fullest_window": 8,
            "would_not_fit": 3,
            "enforced": False,
        }
    ]
