"""Which contacts a bill calls for. A stage's time depends on the due date alone."""

from __future__ import annotations

from datetime import UTC, datetime

from reminders.domain.bill import BillPosition
from reminders.domain.calendar import instant, shift
from reminders.domain.customer import Customer
from reminders.domain.identity import make_id, month_of
from reminders.domain.policy import Policy, Stage
from reminders.domain.reminder import Reminder
from reminders.domain.tier import Tier


def plan(
    bill: BillPosition, customer: Customer, policy: Policy, tier: Tier | None = None
) -> tuple[Reminder, ...]:
    """Every contact that `policy` holds for this bill in its present epoch, in order of time.

    With `tier`, only the stages of that tier; without, those of every tier: the tier is judged
    when a stage falls due, so a plan made under one tier holds under the next. Stages whose use
    ended before the bill was issued are left out; other past ones are in: whether they are still
    of use is for `decide` to say. Empty while the customer's zone is unknown and for a bill of
    nothing. The id and its month follow the local day, so that a change of zone moves a
    reminder in time and makes no second one.
    """
    if not customer.time_zone or bill.terms.amount_due <= 0:
        return ()
    timed = []
    for stage in policy.stages:
        day = shift(bill.terms.due_on, stage.offset_days)
        at = instant(day, stage.at, customer.time_zone) if day is not None else None
        if day is not None and at is not None:
            timed.append((at, stage, month_of(day)))
    # Two stages share a moment where a zone skipped a day: the later stage is the newer one.
    timed.sort(key=lambda moment: (moment[0], moment[1].offset_days, moment[1].name))
    planned = []
    for index, (due_at, stage, month) in enumerate(timed):
        expires_at = _end(bill, stage, customer.time_zone)
        if index + 1 < len(timed):
            expires_at = min(expires_at, timed[index + 1][0])
        if expires_at <= bill.terms.issued_at or (tier is not None and tier not in stage.tiers):
            continue
        planned.append(
            Reminder(
                reminder_id=make_id(
                    month, customer.customer_id, bill.bill_id, stage.name, bill.epoch
                ),
                customer_id=customer.customer_id,
                month=month,
                bill_id=bill.bill_id,
                stage=stage.name,
                epoch=bill.epoch,
                kind=stage.kind,
                urgency=stage.urgency,
                due_at=due_at,
                expires_at=expires_at,
            )
        )
    return tuple(planned)


def _end(bill: BillPosition, stage: Stage, zone: str) -> datetime:
    day = shift(bill.terms.due_on, stage.until_days)
    at = instant(day, stage.until_at, zone) if day is not None else None
    return datetime.max.replace(tzinfo=UTC) if at is None else at
