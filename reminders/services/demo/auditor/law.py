"""Hours, caps, mandates and freshness of every jurisdiction, from the packs' YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reminders.services.demo.auditor.written import read_yaml

HOUSE = "house"
ELSEWHERE = "*"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What the demo's stages speak of; what an event rule sends beside them is not known by its log.
ADDRESS = "contact_update_request"
_CLASSES = {
    "pre_due": "service_notice",
    "due_today": "service_notice",
    "overdue": "collection",
    ADDRESS: "service_notice",
}


class Place(NamedTuple):
    """Where a customer may be: every zone, the stated one first, and the jurisdiction."""

    zones: tuple[str, ...]
    jurisdiction: str


class Opening(NamedTuple):
    """Allowed minutes of a local day, over midnight where `closes` is not after `opens`."""

    opens: int
    closes: int
    weekdays: frozenset[int] = frozenset()  # on which it stays closed; Monday is 0
    holidays: bool = False

    def allows(self, wall: datetime, closed: frozenset[date]) -> bool:
        minute = wall.hour * 60 + wall.minute
        if self.opens < self.closes:
            inside = self.opens <= minute < self.closes
        else:
            inside = minute >= self.opens or minute < self.closes
        if not inside or wall.weekday() in self.weekdays:
            return False
        return not (self.holidays and wall.date() in closed)


class Cap(NamedTuple):
    """`length` in hours for a rolling window, else in days. Empty sets mean everything."""

    name: str
    limit: int
    window: str
    length: int
    scope: frozenset[str]
    counts: str = "attempt"
    channels: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    exempt: frozenset[str] = frozenset()


class Pack(NamedTuple):
    name: str
    hours: dict[str, Opening]
    caps: tuple[Cap, ...]
    mandates: tuple[tuple[str, frozenset[str]], ...]  # kind, products (empty: every one)
    fresh: tuple[tuple[frozenset[str], int], ...]  # channels, days


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """`quiet` and `limits` are the policy's own; a pack only ever adds to them."""

    quiet: Opening
    limits: tuple[Cap, ...]
    packs: dict[str, Pack]
    pack_of: dict[str, str]
    holidays: dict[str, frozenset[date]]
    _packs: dict[str, tuple[Pack, ...]] = field(default_factory=dict, repr=False)
    _days: dict[str, frozenset[date]] = field(default_factory=dict, repr=False)

    def packs_of(self, jurisdiction: str) -> tuple[Pack, ...]:
        """Those that hold there; every one where nobody knows which do."""
        found = self._packs.get(jurisdiction)
        if found is None:
            names = self._named(jurisdiction) or set(self.packs)
            names |= {HOUSE} & self.packs.keys()
            found = self._packs[jurisdiction] = tuple(self.packs[name] for name in sorted(names))
        return found

    def is_open(self, place: Place, kind: str, at: datetime) -> bool:
        """True if a message of this kind may be handed over, by the wall of every zone."""
        closed = self._closed(place.jurisdiction)
        openings = [self.quiet]
        for pack in self.packs_of(place.jurisdiction):
            opening = pack.hours.get(class_of(kind))
            if opening is not None:
                openings.append(opening)
        for zone in place.zones:
            wall = at.astimezone(_zone(zone))
            if not all(opening.allows(wall, closed) for opening in openings):
                return False
        return bool(place.zones)

    def caps(self, jurisdiction: str) -> tuple[Cap, ...]:
        packs = self.packs_of(jurisdiction)
        return (*self.limits, *(cap for pack in packs for cap in pack.caps))

    def orders(self, jurisdiction: str, kind: str, product: str) -> bool:
        """True if a law that surely holds there orders such a notice."""
        if not self._named(jurisdiction):
            return False
        return any(
            ordered == kind and (not products or product in products)
            for pack in self.packs_of(jurisdiction)
            for ordered, products in pack.mandates
        )

    def fresh_days(self, jurisdiction: str, channel: str) -> int | None:
        """Within how many days the address must have been confirmed; None: it need not be."""
        days = [
            least
            for pack in self.packs_of(jurisdiction)
            for channels, least in pack.fresh
            if channel in channels
        ]
        return min(days, default=None)

    def _named(self, jurisdiction: str) -> set[str]:
        if not jurisdiction:
            return set()
        keys = jurisdiction, jurisdiction.partition("-")[0]
        found = {self.pack_of[key] for key in keys if key in self.pack_of}
        return found or {self.pack_of[key] for key in (ELSEWHERE,) if key in self.pack_of}

    def _closed(self, jurisdiction: str) -> frozenset[date]:
        found = self._days.get(jurisdiction)
        if found is None:
            found = self._days[jurisdiction] = self._holidays_of(jurisdiction)
        return found

    def _holidays_of(self, jurisdiction: str) -> frozenset[date]:
        """Those of every place while nobody knows where the customer is."""
        if not jurisdiction:
            return frozenset().union(*self.holidays.values())
        country = jurisdiction.partition("-")[0]
        none: frozenset[date] = frozenset()
        return self.holidays.get(jurisdiction, none) | self.holidays.get(country, none)


def class_of(kind: str) -> str:
    """The class by which the law judges a kind of message; unknown ones as collection."""
    return _CLASSES.get(kind, "collection")


def kind_on(due_on: date, today: date) -> str:
    """What a bill's message is about on a local day."""
    if today == due_on:
        return "due_today"
    return "pre_due" if today < due_on else "overdue"


def read_law(policy: dict[str, Any], folder: Path, holidays: Path | None) -> Law:  # Any: YAML
    named = policy.get("packs", {})
    wanted = {*named.values(), HOUSE} if named else set()
    files = [path for path in sorted(folder.glob("*.yaml")) if path.stem in wanted]
    packs = [_pack(read_yaml(path)) for path in files]
    missing = set(named.values()) - {pack.name for pack in packs}
    if missing:
        raise ValueError(f"the policy names packs that are not there: {sorted(missing)}")
    quiet = policy["quiet"]
    return Law(
        quiet=_opening(quiet["end"], quiet["start"]),
        limits=tuple(_limits(policy.get("limits") or {})),
        packs={pack.name: pack for pack in packs},
        pack_of=dict(named),
        holidays=_holidays(holidays),
    )


def _holidays(path: Path | None) -> dict[str, frozenset[date]]:
    if path is None or not path.exists():
        return {}
    held: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return {place: frozenset(map(date.fromisoformat, days)) for place, days in held.items()}


def _limits(raw: dict[str, Any]) -> Iterable[Cap]:  # Any: YAML
    exempt = frozenset({"mandated"})
    for name, window, scope in (("per_day", "local_day", "customer"), ("per_bill", "bill", "bill")):
        if raw.get(name) is not None:
            yield Cap(f"policy.{name}", raw[name], window, 1, frozenset({scope}), exempt=exempt)


def _pack(raw: dict[str, Any]) -> Pack:  # Any: YAML
    return Pack(
        name=raw["pack"],
        hours={name: _hours(hours) for name, hours in raw["hours"].items()},
        caps=tuple(_cap(cap) for cap in raw.get("caps", ())),
        mandates=tuple(
            (mandate["kind"], frozenset(mandate.get("products", ())))
            for mandate in raw.get("mandates", ())
        ),
        fresh=tuple(
            (frozenset(rule["channels"]), rule["days"]) for rule in raw.get("freshness", ())
        ),
    )


def _hours(raw: dict[str, Any]) -> Opening:  # Any: YAML
    closed = raw.get("closed") or {}
    days = frozenset(_WEEK.index(day) for day in closed.get("weekdays", ()))
    opens, _, closes = raw["allow"].partition("-")
    return _opening(opens, closes)._replace(
        weekdays=days, holidays=bool(closed.get("holidays", False))
    )


def _opening(opens: str, closes: str) -> Opening:
    return Opening(_minutes(opens), _minutes(closes))


def _minutes(text: str) -> int:
    if text.strip() == "24:00":
        return 24 * 60
    hour = time.fromisoformat(text.strip())
    return hour.hour * 60 + hour.minute


def _cap(raw: dict[str, Any]) -> Cap:  # Any: YAML
    return Cap(
        name=raw["id"],
        limit=raw["limit"],
        window=raw["window"],
        length=raw.get("length", 1),
        scope=frozenset(raw["scope"]),
        counts=raw["count"],
        channels=frozenset(raw.get("channels", ())),
        classes=frozenset(raw.get("classes", ())),
        exempt=frozenset(raw.get("exempt", ())),
    )


@lru_cache(maxsize=1024)
def _zone(key: str) -> ZoneInfo:
    return ZoneInfo(key)
