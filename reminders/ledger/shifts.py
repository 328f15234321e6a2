"""Every change of a provider's standing: append-only, each once however often it is told."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

Row = tuple[str, str, str, str, str, float, str, bytes, object]

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('provider_shift'))")
# The same shift has the same figures, in which its key is; a shift that was kept by a process that
# died before it could say so is told again.
_KEEP = text(
    """
    INSERT INTO provider_shift (provider, number_range, channel, before, after, share, reason,
                                figures, business_at)
    SELECT v.* FROM unnest(
        CAST(:providers AS text[]), CAST(:ranges AS text[]), CAST(:channels AS text[]),
        CAST(:befores AS text[]), CAST(:afters AS text[]), CAST(:shares AS float8[]),
        CAST(:reasons AS text[]), CAST(:figures AS bytea[]), CAST(:business AS timestamptz[])
    ) AS v (provider, number_range, channel, before, after, share, reason, figures, business_at)
    WHERE NOT EXISTS (
        SELECT 1 FROM provider_shift k WHERE k.provider = v.provider
        AND k.number_range = v.number_range AND k.after = v.after AND k.figures = v.figures
    )
    """
)
_NAMES = (
    "providers",
    "ranges",
    "channels",
    "befores",
    "afters",
    "shares",
    "reasons",
    "figures",
    "business",
)


def keep(connection: Connection, rows: Sequence[Row]) -> int:
    """Append shifts as (provider, range, channel, before, after, share, reason, figures, business
    instant); returns how many were new."""
    if not rows:
        return 0
    connection.execute(_LOCK)
    columns = zip(*rows, strict=True)
    values = {name: list(column) for name, column in zip(_NAMES, columns, strict=True)}
    return connection.execute(_KEEP, values).rowcount
