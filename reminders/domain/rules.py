"""What packs and policy leave together for one class of message. Composition only tightens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache, reduce

from reminders.domain.compliance import (
    Cap,
    Count,
    Freshness,
    Mandate,
    Mark,
    Pack,
    Rules,
    Scope,
    Source,
    Window,
)
from reminders.domain.errors import PolicyError
from reminders.domain.hours import Hours, intersect, spans
from reminders.domain.kinds import MessageClass
from reminders.domain.policy import Policy

HOUSE = "house"  # the pack that always joins
ANY_JURISDICTION = "*"
PER_DAY, PER_BILL = "policy.per_day", "policy.per_bill"


@lru_cache(maxsize=4096)
def rules_of(policy: Policy, jurisdiction: str, message_class: MessageClass) -> Rules:
    """The rules for a message of this class to a customer of this jurisdiction.

    `US-CA` keeps the packs of `US-CA` and of `US`; a jurisdiction that has none keeps that of `*`.
    Where neither is, or the jurisdiction is unknown (empty), every pack of the policy holds at
    once, and no mandate does: a duty that may not exist must not pass an opt-out.
    Raises `PolicyError` if the policy names a pack that it does not hold.
    """
    packs, known = _packs(policy, jurisdiction)
    parts = [_of_pack(pack, message_class, _closed(policy, jurisdiction), known) for pack in packs]
    found = reduce(compose, parts, _of_policy(policy, message_class))
    return replace(found, hours_cite=", ".join(source.cite for source in found.hours_sources))


def compose(a: Rules, b: Rules) -> Rules:
    """Both at once: hours intersect, everything else that limits unites.

    Commutative, associative and idempotent. Mandates unite too: each is a duty of a law that holds.
    """
    return Rules(
        packs=_union(a.packs, b.packs),
        hours=intersect(a.hours, b.hours),
        hours_sources=_sources(a.hours_sources, b.hours_sources),
        caps=tuple(sorted({*a.caps, *b.caps}, key=_cap_order)),
        mandates=tuple(sorted({*a.mandates, *b.mandates}, key=_mandate_order)),
        freshness=tuple(sorted({*a.freshness, *b.freshness}, key=_freshness_order)),
        consent_needed=a.consent_needed or b.consent_needed,
        required=a.required | b.required,
        forbidden=a.forbidden | b.forbidden,
        consent_sources=_sources(a.consent_sources, b.consent_sources),
    )


def _packs(policy: Policy, jurisdiction: str) -> tuple[list[Pack], bool]:
    """The packs that hold, and whether that is because the jurisdiction is known."""
    names = _mapped(policy, jurisdiction)
    known = bool(names)
    if not known:
        names = set(policy.packs)
    if HOUSE in policy.packs:
        names.add(HOUSE)
    missing = sorted(names - set(policy.packs))
    if missing:
        raise PolicyError(f"policy {policy.label} names the pack {missing[0]}, which it lacks")
    return [policy.packs[name] for name in sorted(names)], known


def _mapped(policy: Policy, jurisdiction: str) -> set[str]:
    if not jurisdiction:
        return set()
    country = jurisdiction.partition("-")[0]
    named = {policy.pack_of[key] for key in (jurisdiction, country) if key in policy.pack_of}
    if not named and ANY_JURISDICTION in policy.pack_of:
        named.add(policy.pack_of[ANY_JURISDICTION])
    return named


def _closed(policy: Policy, jurisdiction: str) -> frozenset[date]:
    """Public holidays there; those of every calendar while nobody knows where the customer is."""
    if not jurisdiction:
        return frozenset().union(*(calendar.closed for calendar in policy.calendars.values()))
    keys = (jurisdiction, jurisdiction.partition("-")[0])
    found = [policy.calendars[key].closed for key in keys if key in policy.calendars]
    return frozenset().union(*found)


def _of_pack(
    pack: Pack, message_class: MessageClass, closed: frozenset[date], known: bool
) -> Rules:
    given = pack.hours.get(message_class)
    hours = given.hours if given else Hours()
    if given and given.holidays:
        hours = intersect(hours, Hours(closed_days=closed))
    sources = (given.source, given.days_source) if given else ()
    consent = pack.consent.get(message_class)
    return Rules(
        packs=(pack.label,),
        hours=hours,
        hours_sources=tuple(source for source in sources if source is not None),
        caps=_concerning(message_class, pack.caps),
        mandates=pack.mandates if known else (),
        freshness=pack.freshness,
        consent_needed=consent is not None,
        required=pack.required.get(message_class, frozenset()),
        forbidden=frozenset(pack.forbidden),
        consent_sources=(consent,) if consent else (),
    )


def _of_policy(policy: Policy, message_class: MessageClass) -> Rules:
    """The lender's own quiet hours and limits.

    Both limits count every contact, whatever its class and channel; what is no contact (a note in
    the customer's own inbox) is not in the usage at all. A notice that law orders is counted by
    them and waits for neither: a duty is not lost to a house figure.
    """
    own = Source(f"policy {policy.label}", Mark.HOUSE)
    quiet = policy.quiet
    mandated = frozenset({MessageClass.MANDATED})
    caps = []
    for cap_id, limit, window, scope in (
        (PER_BILL, policy.limits.per_bill, Window.BILL, Scope.BILL),
        (PER_DAY, policy.limits.per_day, Window.LOCAL_DAY, Scope.CUSTOMER),
    ):
        if limit is not None:
            within = frozenset({scope})
            caps.append(Cap(cap_id, Count.ATTEMPT, limit, window, 1, within, own, exempt=mandated))
    return Rules(
        packs=(),
        hours=Hours(spans(quiet.end, quiet.start)),
        hours_sources=(own,) if quiet.start != quiet.end else (),
        caps=_concerning(message_class, caps),
        mandates=(),
        freshness=(),
        consent_needed=False,
        required=frozenset(),
    )


def _concerning(message_class: MessageClass, caps: Iterable[Cap]) -> tuple[Cap, ...]:
    """The caps that some channel's message of this class must be within."""
    return tuple(
        cap
        for cap in caps
        if message_class not in cap.exempt and (not cap.classes or message_class in cap.classes)
    )


def _union(a: Iterable[str], b: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*a, *b}))


def _sources(a: tuple[Source, ...], b: tuple[Source, ...]) -> tuple[Source, ...]:
    return tuple(sorted({*a, *b}, key=lambda source: (source.cite, source.mark)))


def _cap_order(cap: Cap) -> tuple[str, ...]:
    """A total order, so that composing in either order gives one and the same."""
    sets = (",".join(sorted(some)) for some in _sets(cap))
    numbers = (f"{cap.limit:09d}", f"{cap.length:09d}")
    kinds = (cap.count, cap.window, cap.source.cite, cap.source.mark)
    return (cap.cap_id, *numbers, *kinds, *sets)


def _sets(cap: Cap) -> tuple[frozenset[str], ...]:
    return (
        frozenset(cap.scope),
        cap.channels,
        frozenset(cap.classes),
        frozenset(cap.exempt),
    )


def _mandate_order(mandate: Mandate) -> tuple[str, ...]:
    numbers = (mandate.min_channels, mandate.after_missed, mandate.within_days)
    source = mandate.source
    words = (mandate.kind, mandate.legal_basis, source.cite, source.mark)
    return (*words, ",".join(sorted(mandate.products)), *map(str, numbers))


def _freshness_order(rule: Freshness) -> tuple[str, ...]:
    channels = ",".join(sorted(rule.channels))
    return (channels, f"{rule.days:09d}", rule.source.cite, rule.source.mark)
