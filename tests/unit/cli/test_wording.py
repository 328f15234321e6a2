"""What the commands say, in words: pure functions of what the ledger keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from reminders.cli.backlog import lines
from reminders.cli.retry import ended_lines
from reminders.domain.decision import Check
from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Confirm
from reminders.domain.reminder import Attempt, Cause
from reminders.ledger.history import RETRIED_BY_HAND, Line
from reminders.services import wording
from reminders.services.attempt_story import answer_words, line_words, opening
from reminders.services.check_words import meaning
from reminders.services.event_words import event_words
from reminders.services.explain import asked
from reminders.services.retry import Retried
from reminders.services.status import Report

AT = datetime(2026, 3, 22, 2, 0, tzinfo=UTC)
ZONE = "Asia/Taipei"
ID = UUID(int=1)
SMS = Attempt(
    attempt_id=ID,
    number=1,
    channel="sms",
    provider="sms-gateway",
    state=AttemptState.ACCEPTED,
    confirm=Confirm.DELIVERED,
    cause=Cause.FIRST,
    submitted_at=AT,
    confirm_by=AT + timedelta(hours=2, seconds=9),
)
EMAIL = replace(SMS, number=2, channel="email", provider="smtp-relay", cause=Cause.UNCONFIRMED)


def line(state: AttemptState, reason: str = "") -> Line:
    return Line(ID, state, reason, AT)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (123_400, "TWD", "1,234.00 TWD"),
        (5, "USD", "0.05 USD"),
        (1_234, "JPY", "1,234 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (7, "XQQ", "7 minor units of XQQ"),
    ],
)
def test_amounts(minor: int, currency: str, said: str) -> None:
    assert wording.amount(minor, currency) == said


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(hours=2, seconds=9), "2 h"),
        (timedelta(days=2, hours=3, minutes=5), "2 d 3 h"),
    ],
)
def test_durations(time: timedelta, said: str) -> None:
    assert wording.length(time) == said


@pytest.mark.parametrize(
    ("reason", "saw", "said"),
    [
        ("quiet_hours", "not 21:00-08:00 Asia/Taipei", "deferred to 08:00: quiet hours"),
        ("quiet_hours", "not before 2026-03-22 00:30:00Z", "deferred to 08:30: quiet hours"),
        ("quiet_hours", "none in sight", "deferred: quiet hours"),
        (
            "cap",
            "policy.per_day: 2 of 2, until 2026-03-22 16:00:00Z",
            (
                "deferred: a cap on contacts is used up"
                " (policy.per_day: 2 of 2, until 2026-03-23 00:00)"
            ),
        ),
        ("hold", "dispute", "paused: hold (dispute)"),
        ("not_yet_due", "2026-03-22 02:00:00Z", "deferred to 2026-03-22 10:00: not yet due"),
        ("waiting", "", "deferred: an answer is awaited"),
    ],
)
def test_deferrals(reason: str, saw: str, said: str) -> None:
    assert wording.deferral_words(reason, [Check("rule", saw, False)], ZONE) == said


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("satisfied", "sms", "done: SMS confirmed"),
        ("suppressed", "opted_out", "not sent: the customer opted out"),
        ("cancelled", "settled", "cancelled: paid in full"),
        ("expired", "stage_past", "expired: its time was over"),
        ("exhausted", "ladder_spent", "given up: every channel was tried"),
    ],
)
def test_ends(state: str, reason: str, said: str) -> None:
    assert wording.end_words(state, reason) == said


BILL = {
    "bill_id": "B-1",
    "amount_due_minor": 123_400,
    "minimum_due_minor": 20_000,
    "currency": "TWD",
    "due_on": "2026-03-25",
}
PAID = {"payment_id": "P-1", "amount_minor": 20_000, "currency": "TWD"}


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("bill.issued", BILL, "issued: 1,234.00 TWD (minimum 200.00 TWD), due 2026-03-25"),
        (
            "bill.adjusted",
            BILL | {"minimum_due_minor": 0, "reason": "refund"},
            "adjusted: 1,234.00 TWD, due 2026-03-25 — refund",
        ),
        ("bill.issued", BILL | {"bill_id": "B-2"}, "superseded by B-2, which contains its rest"),
        ("bill.cancelled", {"bill_id": "B-1", "reason": "error"}, "bill cancelled: error"),
        ("payment.received", PAID, "payment of 200.00 TWD received"),
        ("payment.failed", PAID | {"reason": "no funds"}, "payment of 200.00 TWD failed: no funds"),
        ("payment.reversed", {"payment_id": "P-1"}, "payment P-1 reversed"),
        (
            "hold.placed",
            {"kind": "cease_contact", "until_at": "2026-03-30T00:00:00Z"},
            "hold placed on the whole customer: cease contact, until 2026-03-30 08:00",
        ),
        ("hold.lifted", {"hold_id": "H-1"}, "hold H-1 lifted"),
        ("contact.changed", {"channel": "sms", "address": None}, "SMS address changed"),
        ("contact.changed", {"channel": "email"}, "e-mail address removed"),
        (
            "preference.changed",
            {"actor": "customer", "channel": "sms", "message_kind": "*", "allowed": False},
            "customer opted out of SMS",
        ),
        (
            "preference.changed",
            {"actor": None, "channel": "sms", "message_kind": "*", "allowed": False},
            "somebody opted out of SMS",
        ),
        (
            "promise.made",
            {"amount_minor": 50_000, "currency": "TWD", "promised_on": "2026-03-28"},
            "promised to pay 500.00 TWD by 2026-03-28",
        ),
        (
            "contact.made",
            {"channel": "voice", "conversation": True, "connected": True},
            "contacted by others: phone call, spoken with",
        ),
        (
            "contact.made",
            {"channel": "voice", "conversation": False, "connected": False},
            "contacted by others: phone call, not answered",
        ),
        ("contact.made", {"channel": "sms", "conversation": False}, "contacted by others: SMS"),
        (
            "preference.offsets_chosen",
            {"offsets": [-1, -3]},
            "wants to be reminded on days -3, -1 from due",
        ),
        ("preference.offsets_chosen", {"offsets": []}, "wants the usual days again"),
        (
            "risk.observed",
            {"source": "scores", "name": "lender_score"},
            "observed by scores: lender score",
        ),
        ("contact.confirmed", {"channel": "email"}, "e-mail address seen in use"),
    ],
)
def test_events(kind: str, data: dict[str, object], said: str) -> None:
    assert event_words(kind, data, "B-1", ZONE) == said


def test_why_this_channel() -> None:
    assert opening(SMS, None) == "SMS first"
    assert opening(EMAIL, SMS) == "SMS not confirmed in 2 h → e-mail"
    assert opening(replace(EMAIL, cause=Cause.FAILED), SMS) == "SMS failed → e-mail"
    assert opening(replace(SMS, cause=Cause.RETRY), SMS) == "SMS again"


def test_what_a_call_came_to() -> None:
    refused = replace(SMS, retry_at=AT + timedelta(minutes=1))
    failed = line(AttemptState.FAILED, "gateway 503")
    assert answer_words(SMS, line(AttemptState.ACCEPTED), ZONE) == "handed to sms-gateway"
    assert answer_words(SMS, None, ZONE) == "handed to sms-gateway"
    assert answer_words(SMS, failed, ZONE) == "sms-gateway refused: gateway 503"
    assert answer_words(refused, failed, ZONE).endswith("; to be tried again from 10:01")
    open_answer = line(AttemptState.UNCERTAIN, "no answer: TimeoutError")
    assert "it may have arrived (timed out)" in answer_words(SMS, open_answer, ZONE)
    assert answer_words(replace(SMS, channel="in_app"), None, ZONE) == "in the inbox"
    on_its_way = replace(SMS, state=AttemptState.SUBMITTED)
    assert answer_words(on_its_way, None, ZONE) == "on its way to sms-gateway"


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (line(AttemptState.DELIVERED), "SMS delivered"),
        (line(AttemptState.UNDELIVERED, "absent"), "SMS not delivered: absent"),
        (line(AttemptState.FAILED, RETRIED_BY_HAND), "SMS: retried by hand"),
        (line(AttemptState.ACCEPTED), "SMS was taken by sms-gateway"),
        (line(AttemptState.RELEASED, "late"), "SMS was not sent: late"),
    ],
)
def test_what_was_heard_later(heard: Line, said: str) -> None:
    assert line_words(SMS, heard) == said


def test_the_deciding_check_is_the_last() -> None:
    checks = [
        Check("open", "123400 TWD left", True),
        Check("hours", "not before 2026-03-22 00:00:00Z", False, "house"),
    ]
    found = asked(checks, "quiet_hours", ZONE)
    assert [check.decided for check in found] == [False, True]
    assert found[0].saw == "1,234.00 TWD left"


def test_an_opt_out_decides_though_another_check_came_last() -> None:
    checks = [
        Check("opt-out.sms", "opted out", False),
        Check("contact.email", "dead", False),
    ]
    found = asked(checks, "opted_out", ZONE)
    assert [check.decided for check in found] == [True, False]
    assert meaning("opt-out.sms") == "SMS allowed"


def test_what_has_ended_is_told_with_its_reason() -> None:
    done = Retried(ended={("exhausted", "ladder_spent"): 3}, next_stage_at=AT)
    assert ended_lines(done) == [
        (
            "3 have ended and stay so: 3 exhausted (every channel was tried);"
            " the next stage will speak, on 2026-03-22 02:00 UTC"
        )
    ]
    assert ended_lines(Retried()) == []


def test_the_backlog_in_lines() -> None:
    report = Report(
        events_waiting=1_200,
        receipts_waiting=0,
        queued={"deliver.sms": 2, "unacked": 0},
        customers_waiting=0,
        due=3,
        oldest_unsent_at=AT - timedelta(minutes=7),
        uncertain=1,
        dead={},
    )
    told = dict(lines(report, AT))
    assert told["events waiting"] == "1,200"
    assert told["tasks queued"] == "deliver.sms 2"
    assert told["oldest due unsent"] == "due 2026-03-22 01:53 UTC, 7 min ago"
    assert told["dead letters open"] == "none"
