"""All that a decision rests on as one text: the policy, its packs, its card, its holidays.

A label keeps that text for years, so a bundle is parsed without any file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reminders.domain.compliance import Pack
from reminders.domain.errors import PolicyError
from reminders.domain.policy import Policy, WorkCalendar
from reminders.domain.scorecard import RiskCard
from reminders.services.packs import pack_from
from reminders.services.policy.build import build, frozen_shape_of, shape_of
from reminders.services.policy.shape import CardName, PolicyShape
from reminders.services.policy.yaml_text import load
from reminders.services.risk.cards import card_from
from reminders.services.risk.errors import CardError

_FORMAT = 1
_NO_DAYS: dict[str, Any] = {"calendars": {}}  # of a policy that was frozen alone


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of a policy, of the packs that it names, and of its card ("" if written in it)."""

    policy: str
    packs: Mapping[str, str] = field(default_factory=dict)
    card: str = ""

    def shape(self) -> PolicyShape:
        """Raises `PolicyError`."""
        return shape_of(load(self.policy))

    def policy_of(self, calendars: Mapping[str, WorkCalendar]) -> Policy:
        """The policy that these texts make. Raises `PolicyError`."""
        return self.with_shape(self.shape(), calendars)

    def with_shape(self, given: PolicyShape, calendars: Mapping[str, WorkCalendar]) -> Policy:
        """As `policy_of`, of a shape that was read before."""
        packs = {name: _pack(name, text) for name, text in self.packs.items()}
        return build(given, _card(given, self.card), packs, calendars)


def dump(sources: Sources, calendars: Mapping[str, WorkCalendar]) -> str:
    """One text of it all, the same for the same content."""
    held = {
        "bundle": _FORMAT,
        "policy": sources.policy,
        "packs": dict(sources.packs),
        "card": sources.card,
        "calendars": {
            place: {
                "closed": [day.isoformat() for day in sorted(calendar.closed)],
                "known_until": calendar.known_until.isoformat(),
            }
            for place, calendar in calendars.items()
        },
    }
    return json.dumps(held, ensure_ascii=False, sort_keys=True, indent=1)


def sources_of(text: str) -> Sources:
    """The texts in a frozen text, which may be a policy alone."""
    held = _held(text)
    if held is None:
        return Sources(text)
    return Sources(held["policy"], held["packs"], held["card"])


def parse(text: str) -> Policy:
    """The policy of a frozen text: a bundle, or a policy alone. Raises `PolicyError`."""
    calendars = {
        place: WorkCalendar(
            frozenset(map(date.fromisoformat, given["closed"])),
            date.fromisoformat(given["known_until"]),
        )
        for place, given in (_held(text) or _NO_DAYS)["calendars"].items()
    }
    sources = sources_of(text)
    return sources.with_shape(frozen_shape_of(load(sources.policy)), calendars)


def _held(text: str) -> dict[str, Any] | None:  # Any: JSON
    if not text.startswith('{\n "bundle": '):
        return None
    held: dict[str, Any] = json.loads(text)
    if held["bundle"] != _FORMAT:
        raise PolicyError(f"a bundle of format {held['bundle']}: a newer release wrote it")
    return held


def _pack(name: str, text: str) -> Pack:
    try:
        return pack_from(load(text))
    except PolicyError as error:
        raise PolicyError(f"pack {name}: {error}") from None


def _card(given: PolicyShape, text: str) -> RiskCard:
    if not isinstance(given.risk, CardName):
        return given.risk.card()
    if not text:
        raise PolicyError(f"risk: the card {given.risk.card} is not at hand")
    try:
        return card_from(load(text))
    except (CardError, PolicyError) as error:
        raise PolicyError(f"card {given.risk.card}: {error}") from None
