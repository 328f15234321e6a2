"""A tiny portfolio, small enough to say by hand what must be sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from reminders.domain.kinds import MessageKind
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import (
    Confirm,
    Policy,
    QuietHours,
    RetryRule,
    Rung,
    Stage,
    Urgency,
)
from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier
from reminders.services.simulate.facts import Fact, fact_of
from reminders.services.simulate.fates import ChannelModel, Model

EVERY = frozenset(Tier)
Event = dict[str, Any]  # Any: JSON
QUICK = (1, 1, 1, 1, 1)


def stage(name: str, days: int, kind: MessageKind, until: int) -> Stage:
    return Stage(name, days, time(10), until, time(10), kind, Urgency.NORMAL, EVERY)


D3 = stage("d-3", -3, MessageKind.PRE_DUE, -1)
D1 = stage("d-1", -1, MessageKind.PRE_DUE, 0)
D0 = stage("d0", 0, MessageKind.DUE_TODAY, 1)
LATE = stage("d+1", 1, MessageKind.OVERDUE, 3)


def policy(*stages: Stage, name: str = "tiny", channels: tuple[str, ...] = ("sms",)) -> Policy:
    ladder = tuple(Rung(each, Confirm.DELIVERED, timedelta(hours=2)) for each in channels)
    card = RiskCard("flat", 1, (Characteristic(Feature.BILLS_KNOWN, ((0, 0),)),), ((0, Tier.R0),))
    return Policy(
        name=name,
        version=1,
        stages=stages or (D3, D1, D0, LATE),
        ladders=dict.fromkeys(Tier, ladder),
        quiet=QuietHours(time(21), time(8)),
        retry=RetryRule((timedelta(minutes=5),)),
        risk=card,
    )


def channel(**given: Any) -> ChannelModel:  # Any: fields of several types
    sure: dict[str, Any] = {
        "cost_of_1000_minor": 5000,
        "unknown_address": 0.0,
        "refused": 0.0,
        "delivered": 1.0,
        "undelivered": 0.0,
        "read": 0.0,
        "opts_out": 0.0,
        "tells_delivery": True,
        "delivery": QUICK,
        "reading": QUICK,
    }
    return ChannelModel(**{**sure, **given})


def model(seed: int = 1, **channels: ChannelModel) -> Model:
    known = {"sms": channel(), "email": channel(cost_of_1000_minor=100), **channels}
    return Model("sure", 1, seed, "TWD", known)


def event(kind: str, identity: str, at: str, /, **data: object) -> Event:
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "/test/billing",
        "type": kind,
        "time": at,
        "data": data,
    }


def known(ref: str, at: str = "2026-03-01T00:00:00Z") -> Event:
    return event(
        "customer.updated",
        f"known-{ref}",
        at,
        customer_id=ref,
        language="en",
        time_zone="Asia/Taipei",
        jurisdiction="TW",
        contact_points=[
            {"channel": "sms", "address": f"+86101{ref[-1]:0>8}"},
            {"channel": "email", "address": f"{ref.lower()}@example.com"},
        ],
    )


def bill(ref: str, due_on: str, amount: int = 1000, name: str = "") -> Event:
    bill_id = name or f"B-{ref}"
    return event(
        "bill.issued",
        f"issued-{bill_id}",
        "2026-03-01T00:00:00Z",
        customer_id=ref,
        bill_id=bill_id,
        version=1,
        currency="TWD",
        amount_due_minor=amount,
        minimum_due_minor=amount,
        due_on=due_on,
        product="loan",
        revolving=False,
        issued_at="2026-03-01T00:00:00Z",
    )


def paid(ref: str, at: str, amount: int = 1000) -> Event:
    return event(
        "payment.received",
        f"paid-{ref}-{at}",
        at,
        customer_id=ref,
        payment_id=f"P-{ref}-{at[:10]}",
        bill_id=f"B-{ref}",
        amount_minor=amount,
        currency="TWD",
        paid_at=at,
    )


# Three customers, each with one bill of 10.00 due on Friday 20 March. Local time is UTC + 8, and
# every stage speaks at 10:00 there, which is 02:00 UTC.
#   C-1 pays on the 18th at noon: d-3 only.
#   C-2 never pays: d-3, d-1, d0, d+1.
#   C-3 opts out of SMS on the 16th and has no other channel on the ladder: nothing.
TINY = [
    known("C-1"),
    known("C-2"),
    known("C-3"),
    bill("C-1", "2026-03-20"),
    bill("C-2", "2026-03-20"),
    bill("C-3", "2026-03-20"),
    paid("C-1", "2026-03-18T04:00:00Z"),
    event(
        "preference.changed",
        "off-3",
        "2026-03-16T00:00:00Z",
        customer_id="C-3",
        actor="customer",
        channel="sms",
        message_kind="*",
        allowed=False,
    ),
]


def facts(*events: Event) -> list[Fact]:
    return [fact_of(each) for each in events]


def write(path: Path, events: list[Event], *lines: str) -> Path:
    rows = [json.dumps(each) for each in events]
    path.write_text("\n".join([*rows, *lines]) + "\n", encoding="utf-8")
    return path


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DELIVERED = AttemptState.DELIVERED
