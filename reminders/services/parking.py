"""Receipts that quote only the provider's own id: whose they are, and where they wait until that
is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reminders.domain.identity import NOBODY, make_id, month_of
from reminders.ledger import provider_refs
from reminders.services.callbacks import Heard

KEPT = timedelta(days=7)  # a receipt of a message that nobody recorded by then is a dead letter


def resolve(connection: Connection, heard: Sequence[Heard], now: datetime) -> list[Heard]:
    """These with the attempts they are about; what comes before its attempt is parked."""
    unknown = [each for each in heard if each.attempt_id is None]
    if not unknown:
        return list(heard)
    refs = {(each.provider, each.receipt.provider_ref) for each in unknown}
    whose = provider_refs.whose(connection, refs)
    found = [each for each in heard if each.attempt_id is not None]
    parked = []
    for each in unknown:
        attempt_id = whose.get((each.provider, each.receipt.provider_ref))
        if attempt_id is None:
            parked.append(_row(each, now))
        else:
            receipt = replace(each.receipt, attempt_id=str(attempt_id))
            found.append(replace(each, attempt_id=attempt_id, receipt=receipt))
    provider_refs.PARKED.insert(connection, parked)
    return found


def _row(heard: Heard, now: datetime) -> tuple[object, ...]:
    receipt = heard.receipt
    said = (heard.provider, receipt.provider_ref, receipt.status, receipt.at.isoformat())
    number = make_id(month_of(now), NOBODY, *said, receipt.reason)
    return (
        heard.provider,
        receipt.provider_ref,
        number,
        receipt.status,
        receipt.reason,
        receipt.dead_contact,
        receipt.at,
        now,
    )
