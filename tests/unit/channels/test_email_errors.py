"""SMTP refusals and bounces as outcomes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from channels.email.codes import row_of
from channels.email.events.own import to_receipt
from channels.email.smtp.errors import Stage, outcome_of
from channels.email.smtp.reply import SmtpReply
from reminders.domain.outcome import Permanent, ReceiptStatus, Transient

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
BOUNCES = DATA / "bounces" / "expected.json"
ENTRY = {
    "reference": "3f2b6c1e-8f0a-4c4e-9a58-0d6d2a3b4c5d",
    "status": "bounced",
    "at": "2026-03-02T08:00:00+00:00",
}


def refused(stage: Stage, code: int, line: str = "") -> object:
    return outcome_of(stage, SmtpReply(code, (line,)))


@pytest.mark.parametrize(
    ("code", "line", "dead"),
    [
        (550, "5.1.1 no such user", True),
        (550, "5.1.10 null MX", True),
        (550, "5.2.1 disabled", True),
        (552, "5.2.2 mailbox full", False),
        (550, "5.7.1 policy", False),
        (550, "no such user, or policy: who knows", False),
        (553, "mailbox name not allowed", True),
        (599, "", False),
    ],
)
def test_a_refused_recipient(code: int, line: str, dead: bool) -> None:
    for stage in (Stage.RCPT, Stage.DATA):
        outcome = refused(stage, code, line)
        assert isinstance(outcome, Permanent)
        assert outcome.dead_contact is dead


def test_what_is_said_of_the_sender_never_blames_the_recipient() -> None:
    outcome = refused(Stage.MAIL, 553, "5.1.3 bad sender")
    assert isinstance(outcome, Permanent)
    assert not outcome.dead_contact


@pytest.mark.parametrize(
    ("stage", "code", "line"),
    [
        (Stage.HELLO, 554, "5.1.1 go away"),
        (Stage.HELLO, 535, "5.7.8 bad password"),
        (Stage.MAIL, 530, "5.7.0 log in first"),
        (Stage.RCPT, 550, "5.7.23 SPF failed"),
        (Stage.RCPT, 421, "4.3.2 closing"),
        (Stage.DATA, 452, "4.3.1 no room"),
    ],
)
def test_our_own_trouble_is_transient(stage: Stage, code: int, line: str) -> None:
    assert isinstance(refused(stage, code, line), Transient)


@pytest.mark.parametrize(
    ("status", "code", "expected", "dead"),
    [
        ("bounced", "5.1.1", ReceiptStatus.UNDELIVERED, True),
        ("bounced", "5.2.2", ReceiptStatus.UNDELIVERED, False),
        ("bounced", "4.1.1", ReceiptStatus.UNDELIVERED, False),
        ("bounced", "rubbish", ReceiptStatus.UNDELIVERED, False),
        ("complained", "", ReceiptStatus.DELIVERED, True),
        ("opened", "", ReceiptStatus.READ, False),
        ("delivered", "", ReceiptStatus.ACCEPTED, False),
    ],
)
def test_mail_events(status: str, code: str, expected: ReceiptStatus, dead: bool) -> None:
    receipt = to_receipt({**ENTRY, "status": status, "code": code})
    assert (receipt.status, receipt.dead_contact) == (expected, dead)


@pytest.mark.skipif(not BOUNCES.is_file(), reason="no bounces: set REMINDERS_TEST_DATA")
def test_hard_bounces_agree_with_two_parsers_where_the_code_is_standard() -> None:
    """On RFC 3463 mailbox codes; parsers' own 5.0.9xx and texts are a bounce reader's work."""
    found = json.loads(BOUNCES.read_text(encoding="utf-8"))
    rows = [row for rows in found.values() for row in rows if row["status"].startswith("5.")]
    dead = [row for row in rows if row_of(int(row["replycode"] or 0), row["status"]).dead_contact]
    agreed = sum(row["hard"] for row in dead)
    assert agreed >= 50
    assert len(dead) - agreed <= 5
