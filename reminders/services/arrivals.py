"""What became of messages, told to the breaker: by whom, in which number range, sent when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from channels.contract import Confirms
from channels.health import Awaited, Confirmation
from channels.numbers import range_of
from reminders.domain.customer import ChannelName
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm
from reminders.ledger import contact_points
from reminders.ledger.attempts import KeptAttempt
from reminders.ledger.errors import UnknownKey
from reminders.services.resources import Resources

_BY_NUMBER = frozenset({ChannelName.SMS, ChannelName.VOICE, ChannelName.WHATSAPP})


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that arrived, or is known not to have; `held` is its attempt before that."""

    held: KeptAttempt
    arrived: bool


def expect(resources: Resources, held: KeptAttempt, number_range: str) -> Awaited | None:
    """What is awaited of a message that was accepted just now; None where silence says nothing:
    its provider never sends a receipt, or its rung asks for more or less than delivery."""
    provider = resources.fleet.by_name.get(held.attempt.provider)
    if provider is None or provider.capabilities.confirms is Confirms.ACCEPTED:
        return None
    return _awaited(held, number_range)


def confirmations(
    resources: Resources, connection: Connection, arrivals: Sequence[Arrival]
) -> list[Confirmation]:
    """What there is to tell of these; what was awaited of them, or said before, is taken back.

    It is for whoever commits to tell it, afterwards: what is rolled back and done again must not
    be counted twice, and no lock is held while Redis is slow.
    """
    if not arrivals:
        return []
    by_number = [each.held for each in arrivals if each.held.attempt.channel in _BY_NUMBER]
    keys = [(each.customer_id, each.secret_id) for each in by_number if each.secret_id]
    sealed = contact_points.by_secret(connection, keys)
    told = []
    for each in arrivals:
        attempt = each.held.attempt
        part = _range(resources, sealed.get((each.held.customer_id, each.held.secret_id)))
        was = attempt.state
        awaited = _awaited(each.held, part) if was is AttemptState.ACCEPTED else None
        lost = was is AttemptState.UNDELIVERED
        told.append(
            Confirmation(attempt.provider, part, attempt.submitted_at, each.arrived, awaited, lost)
        )
    return told


def _awaited(held: KeptAttempt, number_range: str) -> Awaited | None:
    attempt = held.attempt
    if attempt.confirm is not Confirm.DELIVERED or held.was_uncertain:
        return None
    return Awaited(attempt.provider, number_range, attempt.submitted_at, attempt.confirm_by)


def _range(resources: Resources, sealed: tuple[str, bytes] | None) -> str:
    if sealed is None:
        return ""
    try:
        return range_of(resources.ring.open(*sealed).decode("utf-8", "replace"))
    except UnknownKey:
        return ""
