"""Writes every change of a provider's standing into the ledger, with its reason and figures."""

from __future__ import annotations

import json
from collections.abc import Sequence

import structlog

from channels.health import Shift
from reminders.ledger import locks, shifts
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
AT_ONCE = 500


def keep_shifts(resources: Resources) -> int:
    """Keep what the breaker did since the last time; returns how many shifts were new.

    They are forgotten where they came from only after the commit: told twice, they are kept once.
    """
    kept = 0
    while told := resources.fleet.health.shifts(AT_ONCE):
        kept += _keep(resources, told)
        resources.fleet.health.forget(told)
        if len(told) < AT_ONCE:
            break
    return kept


def _keep(resources: Resources, told: Sequence[Shift]) -> int:
    now = resources.clock.now()
    rows: list[shifts.Row] = [
        (
            each.provider,
            each.number_range,
            each.channel,
            each.before,
            each.after,
            each.share,
            each.reason,
            _figures(each),
            each.business_at or now,
        )
        for each in told
    ]
    for each in told:
        log.warning(
            "provider shifted",
            provider=each.provider,
            range=each.number_range,
            before=each.before,
            after=each.after,
            share=each.share,
            reason=each.reason,
        )
    return locks.in_transaction(resources.engine, lambda connection: shifts.keep(connection, rows))


def _figures(shift: Shift) -> bytes:
    """The figures and the key, by which the same shift is known again."""
    return json.dumps({**json.loads(shift.figures), "key": shift.key}, sort_keys=True).encode()
