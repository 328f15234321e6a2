"""Changes that wait for a person: found as they come in, listed, and decided on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import Connection

from reminders.domain.identity import customer_in
from reminders.ledger import intake, locks, observed, preferences
from reminders.ledger.preferences import Change
from reminders.services.preferences import alarm
from reminders.services.preferences.alarm import WINDOW, Asked
from reminders.services.preferences.errors import PreferenceError
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
_ALL_AT_ONCE = 10_000  # verdicts of one command: a bulk of more is decided on in several


def to_hold(connection: Connection, asked: Sequence[Asked], now: datetime) -> dict[str, str]:
    """Event key → why it waits, of a batch of changes; what is found is an alarm in the log."""
    off = alarm.counted(asked)
    found = alarm.held_for(asked, _recent(connection, off, now) if off else {})
    if found:
        by = Counter(
            f"{found[each.event_key]} by {each.actor.strip() or 'nobody'}"
            for each in asked
            if each.event_key in found
        )
        log.warning("preference changes held for a person", changes=len(found), **_few(by))
    return found


def _few(by: Counter[str]) -> dict[str, object]:
    return {"by": dict(by.most_common(5)), "hands": len(by)}


def _recent(connection: Connection, off: Sequence[Asked], now: datetime) -> Counter[str]:
    """Per hand, the customers it switched off within the window before now."""
    actors = {each.actor.strip() for each in off} - {""}
    sources = {each.source for each in off} - {""}
    counts: Counter[str] = Counter()
    for actor, source, customers in preferences.recent(connection, actors, sources, now - WINDOW):
        before = Asked(0, False, actor, source, "")
        if not before.own:
            counts.update(dict.fromkeys(before.hands, customers))
    return counts


def listed(resources: Resources, size: int, actor: str | None = None) -> list[Change]:
    """Changes that wait, oldest first; only those of one actor ('' = nobody) where named."""
    with resources.engine.connect() as connection:
        return preferences.held(connection, size, actor)


def find(resources: Resources, change_no: UUID) -> Change:
    """A change that waits. Raises `PreferenceError` if it does not."""
    with resources.engine.connect() as connection:
        found = preferences.one(connection, customer_in(change_no), change_no)
    if found is None:
        raise PreferenceError(f"no change is called {change_no}: `reminders preference held`")
    if not found.waiting:
        raise PreferenceError(f"change {change_no} waits for nobody: {_standing(found)}")
    return found


def of_actor(resources: Resources, actor: str) -> list[Change]:
    """All that wait of one actor ('' = nobody). Raises `PreferenceError` if there are none."""
    found = listed(resources, _ALL_AT_ONCE, actor)
    if not found:
        raise PreferenceError(f"no change by {actor or 'nobody'} waits")
    return found


def decide(
    resources: Resources, changes: Sequence[Change], *, approved: bool, actor: str, reason: str
) -> int:
    """Keep what a person decided; what is approved takes effect as of its own time.

    Returns how many were decided on: another person may have been faster with the rest.
    """
    decided = locks.in_transaction(
        resources.engine,
        lambda connection: _decide(resources, connection, changes, approved, (actor, reason)),
    )
    if decided and approved:
        resources.wake.evaluate()
    log.info("preference changes decided on", changes=decided, approved=approved, actor=actor)
    return decided


def _decide(
    resources: Resources,
    connection: Connection,
    changes: Sequence[Change],
    approved: bool,
    who: tuple[str, str],
) -> int:
    customers = {each.customer_id for each in changes}
    locks.lock(connection, customers)
    actor, reason = who
    fresh = preferences.keep_verdicts(
        connection, changes, approved=approved, actor=actor, reason=reason
    )
    if approved:
        taken = [each for each in changes if each.change_no in fresh]
        preferences.apply(connection, taken)
        observed.number_preferences(connection, customers)
        intake.mark_changed(connection, customers, resources.clock.now())
    return len(fresh)


def _standing(change: Change) -> str:
    if change.approved is None:
        return "it took effect at once"
    return "it was approved" if change.approved else "it was rejected"
