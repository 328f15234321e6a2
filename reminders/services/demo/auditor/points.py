"""The points card, read and added up by the auditor: which tiers a customer may have.

An input that the auditor does not compute may give any of its points, and hysteresis may hold a
higher tier: every tier that is possible then counts as right.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reminders.services.demo.auditor.written import read_yaml


class Input(NamedTuple):
    feature: str
    bins: tuple[tuple[float, int], ...]
    missing: int

    def points(self, value: float | None) -> int:
        if value is None:
            return self.missing
        worth = [points for least, points in self.bins if value >= least]
        return worth[-1] if worth else self.bins[0][1]

    def span(self) -> tuple[int, int]:
        every = [self.missing, *(points for _, points in self.bins)]
        return min(every), max(every)


class Card(NamedTuple):
    inputs: tuple[Input, ...]
    tiers: tuple[tuple[int, str], ...]
    hysteresis: int
    base: int

    def tiers_of(self, known: Mapping[str, float | None]) -> frozenset[str]:
        """`known`: value by feature, None where nothing is known; what is not in it may be
        anything."""
        low = high = self.base
        for each in self.inputs:
            if each.feature in known:
                points = each.points(known[each.feature])
                low, high = low + points, high + points
            else:
                least, most = each.span()
                low, high = low + least, high + most
        if self.hysteresis:
            high += self.hysteresis - 1
        first = self._tier(low)
        return frozenset(
            tier
            for n, (least, tier) in enumerate(self.tiers)
            if n >= first and (least <= high or n == first)
        )

    def _tier(self, points: int) -> int:
        return max([n for n, (least, _) in enumerate(self.tiers) if points >= least], default=0)


def read_card(raw: dict[str, Any], folder: Path) -> Card:  # Any: YAML
    """A card written in the policy, or one of its own file that the policy names."""
    if "card" in raw:
        raw = read_yaml(folder / f"{raw['card']}.yaml")
    return Card(
        inputs=tuple(
            Input(
                each["feature"],
                tuple((least, points) for least, points in each["bins"]),
                each.get("missing", 0),
            )
            for each in raw["characteristics"]
        ),
        tiers=tuple((least, tier) for least, tier in raw["tiers"]),
        hysteresis=raw.get("hysteresis", 0),
        base=raw.get("base", 0),
    )
