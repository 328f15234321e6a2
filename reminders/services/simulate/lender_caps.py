"""Lender-wide caps, judged afterwards: customers are played one by one and do not see each other.

What a cap that counts everybody would have held back is told apart and never mixed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from reminders.domain.compliance import Cap, Count, Scope, Window
from reminders.domain.policy import Policy
from reminders.services.simulate.tally import Tally

Figures = dict[str, Any]  # Any: JSON


def lender_caps(policy: Policy, tally: Tally) -> list[Figures]:
    """Each cap on all customers together: its limit, the fullest window and what would not fit."""
    found: dict[str, Figures] = {}
    for pack in policy.packs.values():
        for cap in pack.caps:
            if Scope.LENDER in cap.scope and cap.count is Count.ATTEMPT:
                fullest, over = _judge(cap, tally.minutes)
                found[cap.cap_id] = {
                    "cap": cap.cap_id,
                    "limit": cap.limit,
                    "cite": cap.source.cite,
                    "fullest_window": fullest,
                    "would_not_fit": over,
                    "enforced": False,
                }
    return [found[name] for name in sorted(found)]


def _judge(cap: Cap, minutes: Mapping[int, int]) -> tuple[int, int]:
    """The most messages in one window, and how many a gate would have refused."""
    length = cap.length * 60 if cap.window is Window.ROLLING else cap.length * 1440
    inside: deque[tuple[int, int]] = deque()
    total = passed = fullest = over = 0
    everything: deque[tuple[int, int]] = deque()
    for minute in sorted(minutes):
        total += minutes[minute]
        everything.append((minute, minutes[minute]))
        while everything[0][0] <= minute - length:
            total -= everything.popleft()[1]
        while inside and inside[0][0] <= minute - length:
            passed -= inside.popleft()[1]
        fits = min(minutes[minute], max(0, cap.limit - passed))
        inside.append((minute, fits))
        passed += fits
        over += minutes[minute] - fits
        fullest = max(fullest, total)
    return fullest, over
