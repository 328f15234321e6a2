"""A provider's own list of those who said STOP to it becomes our opt-out (such as Twilio's 21610).

The provider answered the STOP itself, and may not have told us. Our next message would be refused
as this one was, and the customer asked for none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import structlog

from channels.inbound import Meaning
from reminders.domain.customer import EVERY_KIND
from reminders.domain.outcome import AttemptState, Word
from reminders.ledger import inbound
from reminders.ledger.attempts import Change
from reminders.ledger.intake import refs_of
from reminders.services.evaluate import UNDECIDABLE
from reminders.services.preferences.alarm import CUSTOMER, PROVIDER_LIST
from reminders.services.preferences.change import change
from reminders.services.preferences.errors import PreferenceError
from reminders.services.preferences.show import known
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
_REFUSED = frozenset({AttemptState.FAILED, AttemptState.UNDELIVERED})


class OptedOut(NamedTuple):
    """A message that was refused because its customer had said STOP to its provider."""

    customer_id: int
    channel: str
    sent_at: datetime


def opted_out(changes: Iterable[Change]) -> list[OptedOut]:
    """Those of these changes that say so."""
    kept = (each.kept for each in changes)
    return [
        OptedOut(each.customer_id, each.attempt.channel, each.attempt.submitted_at)
        for each in kept
        if each.attempt.state in _REFUSED and each.attempt.reason == Word.OPTED_OUT
    ]


def honour(resources: Resources, refused: Iterable[OptedOut]) -> int:
    """Switch these channels off, by the customers' own word; how many. In no transaction.

    Who has written START since the message is left alone. Should we die before this, the next
    message is refused likewise.
    """
    count = 0
    for each in refused:
        try:
            count += _honour(resources, each)
        except UNDECIDABLE:  # whatever is wrong with it, the others' outcomes go on
            log.exception("provider's opt-out not taken", channel=each.channel)
    return count


def _honour(resources: Resources, refused: OptedOut) -> bool:
    customer, channel, sent_at = refused
    with resources.engine.connect() as connection:
        ref = refs_of(connection, [customer]).get(customer)
        started = inbound.newest(connection, customer, channel, Meaning.START)
        if ref is None or (started is not None and started >= sent_at):
            return False
        if known(resources, connection, ref).opted_out(channel, EVERY_KIND):
            return False
    what = (resources, ref, channel, EVERY_KIND)
    try:
        change(*what, allowed=False, actor=CUSTOMER, source=PROVIDER_LIST)
    except PreferenceError as error:
        log.warning("provider's opt-out not taken", channel=channel, reason=str(error))
        return False
    log.info("provider's opt-out taken", channel=channel)
    return True
