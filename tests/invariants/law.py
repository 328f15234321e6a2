"""Packs and policies read by the wall clock and by plain counting: a second reading of the law."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from reminders.domain.compliance import Cap, Pack
from reminders.domain.policy import Policy


def packs_in_force(policy: Policy, jurisdiction: str) -> tuple[list[Pack], bool]:
    """The packs that hold there, and whether the place is known: if not, every one holds."""
    country = jurisdiction[:2]
    named = [policy.pack_of[each] for each in (jurisdiction, country) if each in policy.pack_of]
    if jurisdiction and not named and "*" in policy.pack_of:
        named = [policy.pack_of["*"]]
    if not jurisdiction or not named:
        return list(policy.packs.values()), False
    if "house" in policy.packs:
        named.append("house")
    return [policy.packs[each] for each in dict.fromkeys(named)], True


def open_at(
    policy: Policy, jurisdiction: str, message_class: str, zones: Sequence[str], now: datetime
) -> bool:
    """Whether every pack and the policy's quiet hours allow it, on the wall of every zone."""
    return all(
        not _quiet(policy, wall) and _legal(policy, jurisdiction, message_class, wall)
        for wall in (now.astimezone(ZoneInfo(zone)) for zone in zones)
    )


def _quiet(policy: Policy, wall: datetime) -> bool:
    start, end, clock = policy.quiet.start, policy.quiet.end, wall.time()
    if start == end:
        return False
    return start <= clock < end if start < end else clock >= start or clock < end


def _legal(policy: Policy, jurisdiction: str, message_class: str, wall: datetime) -> bool:
    packs, _ = packs_in_force(policy, jurisdiction)
    minute = wall.hour * 60 + wall.minute
    for pack in packs:
        given = next((pack.hours[each] for each in pack.hours if each == message_class), None)
        if given is None:
            continue
        hours = given.hours
        in_span = any(span.opens <= minute < span.closes for span in hours.spans)
        if not in_span or wall.weekday() in hours.closed_weekdays:
            return False
        if given.holidays and _holiday(policy, jurisdiction, wall):
            return False
    return True


def _holiday(policy: Policy, jurisdiction: str, wall: datetime) -> bool:
    places = {jurisdiction, jurisdiction[:2]} if jurisdiction else set(policy.calendars)
    return any(
        wall.date() in calendar.closed
        for place, calendar in policy.calendars.items()
        if place in places
    )


def legal_basis(policy: Policy, jurisdiction: str, kind: str, product: str) -> str:
    """The law that orders this very notice, "" if none does."""
    packs, known = packs_in_force(policy, jurisdiction)
    for pack in packs if known else []:
        for mandate in pack.mandates:
            if mandate.kind == kind and (not mandate.products or product in mandate.products):
                return mandate.legal_basis
    return ""


@dataclass(frozen=True, slots=True)
class Counted:
    """One contact as a plain count sees it."""

    at: datetime
    channel: str
    message_class: str
    who: str
    bill: str
    point: str
    leads: bool = True
    connected: bool | None = None
    conversation: bool = False


def broken_caps(
    policy: Policy,
    jurisdiction: str,
    zones: Sequence[str],
    before: Sequence[Counted],
    wanted: Counted,
) -> Iterator[str]:
    """The caps that `wanted` goes over, given every contact before it."""
    packs, _ = packs_in_force(policy, jurisdiction)
    for pack in packs:
        for cap in pack.caps:
            if _over(cap, zones, before, wanted):
                yield cap.cap_id
    if wanted.message_class == "mandated":
        return
    per_day, per_bill = policy.limits.per_day, policy.limits.per_bill
    if per_day is not None and wanted.leads:
        mine = [each for each in before if each.who == wanted.who and each.leads]
        if _most_in_days(mine, 1, zones, wanted.at) >= per_day:
            yield "per_day"
    same = [each for each in before if each.bill == wanted.bill]
    if per_bill is not None and len(same) >= per_bill:
        yield "per_bill"


def _over(cap: Cap, zones: Sequence[str], before: Sequence[Counted], wanted: Counted) -> bool:
    about_bills = "bill" in cap.scope
    if wanted.message_class in cap.exempt or not _concerns(cap, wanted):
        return False
    if not wanted.leads and not about_bills:
        return False
    counted = [
        each
        for each in before
        if _concerns(cap, each)
        and (each.leads or about_bills)
        and (cap.count != "connected" or each.connected is not False)
        and (cap.count != "conversation" or each.conversation)
        and ("customer" not in cap.scope or each.who == wanted.who)
        and ("bill" not in cap.scope or each.bill == wanted.bill)
        and ("contact_point" not in cap.scope or each.point == wanted.point != "")
    ]
    return _used(cap, zones, counted, wanted.at) >= cap.limit + (cap.window == "after")


def _concerns(cap: Cap, contact: Counted) -> bool:
    right = not cap.channels or contact.channel in cap.channels
    return right and (not cap.classes or contact.message_class in cap.classes)


def _used(cap: Cap, zones: Sequence[str], counted: Sequence[Counted], now: datetime) -> int:
    if cap.window == "bill":
        return len(counted)
    if cap.window == "rolling":
        return sum(1 for each in counted if now - each.at < timedelta(hours=cap.length))
    return _most_in_days(counted, cap.length, zones, now)


def _most_in_days(
    counted: Sequence[Counted], days: int, zones: Sequence[str], now: datetime
) -> int:
    """In the worst of the zones: how many on the last so many local days, today among them."""
    worst = 0
    for zone in map(ZoneInfo, zones):
        today = now.astimezone(zone).toordinal()
        found = [each.at.astimezone(zone).toordinal() for each in counted]
        worst = max(worst, sum(1 for day in found if day + days > today))
    return worst
