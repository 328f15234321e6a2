"""Changes of preferences: published as events, so that they are fenced as every other fact is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from pydantic import ValidationError

from reminders.domain.customer import EVERY_KIND, ChannelName, Customer, Preference
from reminders.domain.identity import customer_id
from reminders.domain.kinds import MessageKind
from reminders.events import to_json
from reminders.events.envelope import AnyData, event_of
from reminders.events.models import OffsetsChosen, PreferenceChanged
from reminders.ledger import preferences
from reminders.services.intake import Incoming, ingest
from reminders.services.preferences.alarm import STOPS
from reminders.services.preferences.disclosure import Disclosure, disclose
from reminders.services.preferences.errors import LastChannel, PreferenceError
from reminders.services.preferences.show import (
    Notice,
    known,
    open_channels,
    planned,
    policy_of,
)
from reminders.services.resources import Resources

EVENT_SOURCE = "/reminders/preferences"
_ACTOR_MAX = 64
_MINIMUM = ("reminders", "minimum-set")  # who takes back what two at once left below it
_KINDS = (EVERY_KIND, *MessageKind)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to. `held_for` says why it waits for a person; `effective` is False if
    something else bars the channel still. Only switching off is disclosed."""

    change_no: UUID
    held_for: str
    effective: bool
    disclosure: Disclosure | None
    remaining: tuple[str, ...]
    notices: tuple[Notice, ...]


def change(
    resources: Resources,
    ref: str,
    channel: str,
    kind: str,
    *,
    allowed: bool,
    actor: str,
    source: str,
) -> Changed:
    """Allow or forbid a kind of message (`*` = every one) on a channel; committed on return.

    Whatever is planned, claimed or queued is held to it: the gate reads it again. A STOP reply is
    honoured whatever it leaves. Raises `LastChannel`, `UnknownCustomer`, `PreferenceError`.
    """
    _check(channel, kind, actor)
    with resources.engine.connect() as connection:
        before = known(resources, connection, ref)
    if allowed and kind != EVERY_KIND and before.opted_out(channel, EVERY_KIND):
        raise PreferenceError(f"{channel} is off as a whole: switch it on before single kinds")
    guarded = not allowed and source not in STOPS
    if guarded:
        keep_minimum(before, channel, kind)
    event_key = _set(resources, ref, (channel, kind), allowed=allowed, by=(actor, source))
    with resources.engine.connect() as connection:
        made = preferences.of_event(connection, customer_id(ref), event_key)
        after = known(resources, connection, ref)
        notices = planned(resources, connection, after)
    if guarded and _lost_all(before, after):  # the other channel was switched off meanwhile
        _set(resources, ref, (channel, kind), allowed=True, by=_MINIMUM)
        raise LastChannel(channel)
    if made is None:
        raise PreferenceError("the change was not kept: try again")
    remaining = open_channels(after, MessageKind.PRE_DUE)
    return Changed(
        change_no=made.change_no,
        held_for=made.held_for,
        effective=after.opted_out(channel, kind) != allowed,
        disclosure=None if allowed else disclose(resources, after, channel, remaining),
        remaining=remaining,
        notices=notices,
    )


def choose_offsets(resources: Resources, ref: str, offsets: Iterable[int], *, actor: str) -> None:
    """Days from the due date on which notices before it are wanted; none = as the lender does it.

    Raises `PreferenceError` for days that the lender does not offer.
    """
    chosen = sorted(set(offsets))
    with resources.engine.connect() as connection:
        customer = known(resources, connection, ref)
    choices = policy_of(resources, customer).choices
    wrong = [day for day in chosen if day not in choices]
    if wrong:
        offered = ", ".join(map(str, sorted(choices))) or "none"
        raise PreferenceError(f"days {', '.join(map(str, wrong))} are not offered, only {offered}")
    _check_actor(actor)
    _publish(resources, OffsetsChosen(customer_id=ref, offsets=tuple(chosen), actor=actor))


def keep_minimum(customer: Customer, channel: str, kind: str) -> None:
    """Raise `LastChannel` where no channel for notices before the due date would be left.

    Customers who have none already (a STOP reply, dead addresses) lose nothing by it.
    """
    off = Preference(channel, kind, False)
    after = replace(customer, preferences=(*customer.preferences, off))
    if _lost_all(customer, after):
        raise LastChannel(channel)


def _lost_all(before: Customer, after: Customer) -> bool:
    pre_due = MessageKind.PRE_DUE
    return bool(open_channels(before, pre_due)) and not open_channels(after, pre_due)


def _set(
    resources: Resources,
    ref: str,
    what: tuple[str, str],
    *,
    allowed: bool,
    by: tuple[str, str],
) -> str:
    """Publish one change by (actor, source); returns the key of its event."""
    channel, kind = what
    actor, source = by
    data = PreferenceChanged(
        customer_id=ref,
        actor=actor,
        channel=ChannelName(channel).value,
        message_kind=kind,
        allowed=allowed,
        source=source,
    )
    return _publish(resources, data)


def _check(channel: str, kind: str, actor: str) -> None:
    if channel not in tuple(ChannelName):
        raise PreferenceError(f"channel {channel!r} is none of {', '.join(ChannelName)}")
    if kind not in _KINDS:
        raise PreferenceError(f"kind {kind!r} is none of {', '.join(_KINDS)}")
    _check_actor(actor)


def _check_actor(actor: str) -> None:
    if not actor.strip() or len(actor) > _ACTOR_MAX or not actor.isprintable():
        raise PreferenceError(f"an actor is wanted, in at most {_ACTOR_MAX} characters")


def _publish(resources: Resources, data: AnyData) -> str:
    """Take the event in at once; returns its key.

    The id begins with the machine's nanoseconds: of two changes at one business instant, the later
    one wins.
    """
    event_id = f"{time.time_ns():020d}-{uuid4().hex[:8]}"
    try:
        event = event_of(data, id=event_id, source=EVENT_SOURCE, time=resources.clock.now())
    except ValidationError as error:
        raise PreferenceError(error.errors()[0]["msg"]) from None
    taken = ingest(resources, [Incoming(f"preference {event_id}", to_json(event), time.time())])
    if not taken.new:
        raise PreferenceError("the change was refused: see `reminders dead list`")
    return f"{EVENT_SOURCE} {event_id}"
