"""Confirmations that are owed to customers who wrote STOP, START or HELP: an outbox.

A row goes from `confirm` to `sending` in a commit before its call, and from there to `done` or
back. `calls` is the fencing token: whoever comes late with an older one changes nothing.
`answer_at` is the business instant at which a call is due; once one began, when it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from reminders.domain.identity import customer_in, month_in
from reminders.ledger.inbound import ReplyState

# What is no news any more, or no longer true: the customer has said the opposite since.
_END = text(
    """
    UPDATE inbound_message m SET state = 'done', handled_at = :now, handled_by =
        CASE WHEN m.received_at < :before THEN 'too late' ELSE 'overtaken' END
    WHERE m.state = 'confirm' AND (m.received_at < :before OR m.meaning <> 'help' AND EXISTS (
        SELECT 1 FROM inbound_message n
        WHERE n.customer_id = m.customer_id AND n.channel = m.channel AND n.state <> 'open'
          AND n.meaning IN ('stop', 'start') AND n.meaning <> m.meaning
          AND (n.at, n.received_at) > (m.at, m.received_at)))
    RETURNING m.inbound_no
    """
)
_OWED = text(
    """
    SELECT c.channel, count(*) FROM unnest(CAST(:channels AS text[])) AS c (channel)
    CROSS JOIN LATERAL (
        SELECT FROM inbound_message m
        WHERE m.state = 'confirm' AND m.answer_at <= :now AND m.channel = c.channel LIMIT :most
    ) m GROUP BY c.channel ORDER BY c.channel
    """
)
_SELECT = """
    SELECT m.inbound_no, m.channel, m.meaning, m.received_at, m.calls, m.answered_by,
        m.refused_by, coalesce(c.language, ''), s.key_id, s.ciphertext
    FROM inbound_message m LEFT JOIN customer c ON c.customer_id = m.customer_id
    LEFT JOIN contact_secret s
      ON s.customer_id = m.customer_id AND s.secret_id = m.secret_id
"""
_TAKE = text(
    f"""
    {_SELECT} WHERE m.state = 'confirm' AND m.answer_at <= :now AND m.channel = :channel
    ORDER BY m.answer_at LIMIT :most FOR UPDATE OF m SKIP LOCKED
    """
)
_TAKE_LOST = text(
    f"""
    {_SELECT} WHERE m.state = 'sending' AND m.lease_until < clock_timestamp()
    ORDER BY m.lease_until LIMIT :most FOR UPDATE OF m SKIP LOCKED
    """
)
_BEGIN = text(
    """
    UPDATE inbound_message m SET state = 'sending', calls = v.calls, answered_by = v.provider,
        answer_at = coalesce(CAST(:begun_at AS timestamptz), m.answer_at),
        lease_until = clock_timestamp() + CAST(:lease AS interval)
    FROM unnest(CAST(:customers AS bigint[]), CAST(:months AS integer[]), CAST(:ids AS uuid[]),
        CAST(:calls AS integer[]), CAST(:providers AS text[]))
        AS v (customer_id, month, inbound_no, calls, provider)
    WHERE m.customer_id = v.customer_id AND m.month = v.month AND m.inbound_no = v.inbound_no
    """
)
_RECORD = text(
    """
    UPDATE inbound_message SET state = :state, handled_by = :how,
        answer_at = CASE WHEN :state = 'confirm' THEN :again_at ELSE answer_at END,
        handled_at = CASE WHEN :state = 'done' THEN CAST(:now AS timestamptz) END,
        refused_by = :refused_by,
        lease_until = CASE WHEN :state = 'sending'
            THEN clock_timestamp() + CAST(:lease AS interval) END
    WHERE customer_id = :customer AND month = :month AND inbound_no = :number
      AND state = 'sending' AND calls = :calls
    RETURNING 1
    """
)
_HEARD = text(
    """
    UPDATE inbound_message SET handled_by = 'confirmation', handled_at = :now, lease_until = NULL,
        state = 'done', answer_at = least(answer_at, :now)
    WHERE customer_id = :customer AND month = :month AND inbound_no = :number
      AND calls > 0 AND state IN ('sending', 'confirm')
    """
)
_ASKED = text(
    """
    SELECT inbound_no, answered_by FROM inbound_message
    WHERE customer_id = ANY(CAST(:customers AS bigint[]))
      AND inbound_no = ANY(CAST(:numbers AS uuid[])) AND calls > 0
    """
)
# Those that were owed: not of who had been told before, or shares an address with one who is told.
_OF_CUSTOMER = text(
    """
    SELECT inbound_no, channel, meaning, received_at, state, handled_by, handled_at, calls,
        answered_by, refused_by, answer_at, secret_id
    FROM inbound_message
    WHERE customer_id = :customer AND meaning IN ('stop', 'start', 'help')
      AND state IN ('confirm', 'sending', 'done') AND (state <> 'done' OR handled_by <> '')
    ORDER BY received_at, inbound_no
    """
)


class How(StrEnum):
    """How a confirmation was done with; a refusal is said in words: `refused: why`."""

    CONFIRMED = "confirmation"
    UNCERTAIN = "uncertain"
    TOO_LATE = "too late"
    OVERTAKEN = "overtaken"
    NO_ADDRESS = "no address"


class Confirmed(NamedTuple):
    """What became of one confirmation, as a story tells it. `how` is "" until it is done;
    `call_at` is when the latest call began or the next is due (business time)."""

    inbound_no: UUID
    channel: str
    meaning: str
    received_at: datetime
    state: ReplyState
    how: str
    handled_at: datetime | None
    calls: int
    provider: str  # of the latest call, "" before the first
    refused_by: str
    call_at: datetime | None
    secret_id: UUID | None


class Owed(NamedTuple):
    """A message of a customer whose confirmation is owed, or under way."""

    inbound_no: UUID
    channel: str
    meaning: str
    received_at: datetime
    calls: int  # that began
    answered_by: str  # the provider of the latest call, "" before the first
    refused_by: str  # providers that refused it for good
    language: str
    key_id: str | None  # of the address; None where it is gone
    ciphertext: bytes | None


class Said(NamedTuple):
    """What a call of one confirmation came to; `how` says why it is done."""

    owed: Owed
    state: ReplyState
    how: str
    again_at: datetime
    refused_by: str = ""


def end_stale(connection: Connection, before: datetime, now: datetime) -> int:
    """End those received before `before`, and those that are no longer true; how many."""
    return len(connection.execute(_END, {"before": before, "now": now}).all())


def owed(
    connection: Connection, now: datetime, most: int, channels: Sequence[str]
) -> dict[str, int]:
    """How many are due on each of these channels, up to `most` there: whatever jams one of them
    takes no other's place."""
    rows = connection.execute(_OWED, {"now": now, "most": most, "channels": list(channels)})
    return {row[0]: row[1] for row in rows}


def take(connection: Connection, channel: str, now: datetime, most: int) -> list[Owed]:
    """Lock up to `most` that are due on a channel: `begin` or leave them in this transaction."""
    rows = connection.execute(_TAKE, {"channel": channel, "now": now, "most": most})
    return [Owed(*row) for row in rows]


def take_lost(connection: Connection, most: int) -> list[Owed]:
    """Lock up to `most` whose call nobody has recorded within its lease."""
    return [Owed(*row) for row in connection.execute(_TAKE_LOST, {"most": most})]


def begin(
    connection: Connection,
    calls: Iterable[Owed],
    lease: timedelta,
    begun_at: datetime | None = None,
) -> None:
    """Write down, before they are made, that calls by `answered_by` begin (number `calls`);
    without `begun_at` (of business) they send nothing: what was sent before is asked for."""
    rows = list(calls)
    values = {
        "customers": [customer_in(each.inbound_no) for each in rows],
        "months": [month_in(each.inbound_no) for each in rows],
        "ids": [each.inbound_no for each in rows],
        "calls": [each.calls for each in rows],
        "providers": [each.answered_by for each in rows],
        "lease": lease,
        "begun_at": begun_at,
    }
    connection.execute(_BEGIN, values)


def record(connection: Connection, said: Iterable[Said], now: datetime, lease: timedelta) -> int:
    """Write what calls came to; how many still were theirs to write."""
    written = 0
    for each in said:
        values = {
            **_key(each.owed.inbound_no),
            "calls": each.owed.calls,
            "state": each.state,
            "how": each.how,
            "again_at": each.again_at,
            "refused_by": each.refused_by,
            "now": now,
            "lease": lease,
        }
        written += connection.execute(_RECORD, values).one_or_none() is not None
    return written


def of_customer(connection: Connection, customer: int) -> list[Confirmed]:
    """Every confirmation that one customer was ever owed, the oldest first."""
    rows = [Confirmed(*row) for row in connection.execute(_OF_CUSTOMER, {"customer": customer})]
    return [each._replace(state=ReplyState(each.state)) for each in rows]


def asked(connection: Connection, numbers: Sequence[UUID]) -> dict[UUID, str]:
    """Those of these ids that are confirmations of ours, with the provider of the latest call."""
    values = {"customers": [customer_in(each) for each in numbers], "numbers": list(numbers)}
    return {row[0]: row[1] for row in connection.execute(_ASKED, values)}


def heard_of(connection: Connection, number: UUID, now: datetime) -> None:
    """Its provider speaks of this confirmation: it was taken, whatever became of our call."""
    connection.execute(_HEARD, {**_key(number), "now": now})


def _key(number: UUID) -> dict[str, object]:
    return {"customer": customer_in(number), "month": month_in(number), "number": number}
