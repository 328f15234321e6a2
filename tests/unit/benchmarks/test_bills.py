"""The benchmark's bills: each is due for exactly the stage that is counted."""

from datetime import UTC, datetime

from benchmarks.bills import STAGE, ZONE, bills, business_now, profiles
from config.settings import SHIPPED
from reminders.domain.bill import BillTerms, BillVersion, positions
from reminders.domain.customer import Customer
from reminders.domain.planning import plan
from reminders.events import parse_event, to_json
from reminders.events.models import BillIssued
from reminders.services import policy_files


def test_events_are_events_and_no_two_are_the_same() -> None:
    now = business_now(datetime(2026, 2, 28, tzinfo=UTC))
    events = [*profiles("r", 5, now), *bills("r", 5, now)]
    parsed = [parse_event(to_json(event)) for event in events]
    assert len({event.identity for event in parsed}) == 10


def test_one_stage_of_the_default_policy_is_due_now() -> None:
    now = business_now(datetime(2026, 12, 31, tzinfo=UTC))
    (event,) = bills("r", 1, now)
    data = event.data
    assert isinstance(data, BillIssued)
    terms = BillTerms(
        data.currency,
        data.amount_due_minor,
        data.minimum_due_minor,
        data.due_on,
        data.product,
        data.revolving,
        data.supersedes,
        data.issued_at,
    )
    held = positions([BillVersion(data.bill_id, 1, (event.time, "e"), terms)], [])[data.bill_id]
    policy, _ = policy_files.read(SHIPPED / "policies" / "default.yaml")
    customer = Customer(1, "c", "en", ZONE, "TW", {}, (), ())
    due = [each.stage for each in plan(held, customer, policy) if each.due_at <= now]
    assert due == [STAGE]
