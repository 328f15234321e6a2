"""Mails that came back: what is said of the address, however it is said and however broken."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.bounces import Bounce, Kind, read_bounce
from channels.email.bounces.verdict import judge

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
REAL = DATA / "bounces"

ATTEMPT = "0192f0c4-7a5e-7000-8000-0123456789ab"


def report(
    said: str = "smtp; 550 5.1.1 <li@example.com>: Recipient address rejected: User unknown",
    status: str = "5.1.1",
    action: str = "failed",
) -> bytes:
    """A delivery report as RFC 3464 has it."""
    return f"""\
From: MAILER-DAEMON@relay.example.com (Mail Delivery System)
To: bills@lender.example.com
Subject: Undelivered Mail Returned to Sender
Date: Thu, 23 Oct 2025 10:00:00 +0800
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

This is the mail system at host relay.example.com.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.com
Original-Envelope-Id: {ATTEMPT}

Final-Recipient: rfc822; li@example.com
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--b
Content-Type: text/rfc822-headers

Message-ID: <{ATTEMPT}@lender.example.com>
Subject: Your bill

--b--
""".encode()


def words(text: str, subject: str = "failure notice") -> bytes:
    """A bounce in words alone."""
    head = f"From: MAILER-DAEMON@mx.example.com\nTo: bills@lender.example.com\nSubject: {subject}\n"
    return f"{head}\n{text}\n".encode()


def read(raw: bytes) -> Bounce:
    bounce = read_bounce(raw)
    assert bounce is not None
    return bounce


def test_a_delivery_report_is_read_whole() -> None:
    bounce = read(report())
    assert (bounce.kind, bounce.hard, bounce.dead_contact) == (Kind.BOUNCE, True, True)
    assert (bounce.status, bounce.reply_code, bounce.reason) == ("5.1.1", "550", "no_such_mailbox")
    assert bounce.recipient == "li@example.com"
    assert bounce.message_ids == (ATTEMPT,)
    assert bounce.at is not None
    assert bounce.at.isoformat() == "2025-10-23T02:00:00+00:00"
    assert "li@example.com" not in repr(bounce)


def test_a_soft_report_kills_no_address() -> None:
    full = read(report("smtp; 552 5.2.2 mailbox full", "5.2.2"))
    assert (full.reason, full.hard) == ("mailbox_full", False)
    gave_up = read(report("smtp; 450 4.1.1 User unknown in local recipient table", "4.1.1"))
    assert not gave_up.dead_contact


def test_a_delay_or_a_relay_is_no_bounce() -> None:
    for action in ("delayed", "relayed", "delivered", "expanded"):
        bounce = read(report("smtp; 451 4.4.1 timed out", "4.4.1", action))
        assert (bounce.kind, bounce.dead_contact) == (Kind.NOTICE, False)


def test_a_complaint_bars_the_address_and_an_authentication_report_does_not() -> None:
    def feedback(sort: str) -> bytes:
        return f"""\
From: fbl@provider.example.com
Subject: complaint
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: {sort}
Original-Mail-From: <bounce+x=y@lender.example.com>
Original-Rcpt-To: <li@example.com>

--b
Content-Type: message/rfc822

Message-ID: <{ATTEMPT}@lender.example.com>

hello
--b--
""".encode()

    complaint = read(feedback("abuse"))
    assert (complaint.kind, complaint.dead_contact) == (Kind.COMPLAINT, True)
    assert complaint.recipient == "li@example.com"
    assert complaint.message_ids == (ATTEMPT,)
    assert "bounce+x=y@lender.example.com" in complaint.return_paths
    assert read(feedback("auth-failure")).kind is Kind.NOTICE
    assert not read(feedback("not-spam")).dead_contact


@pytest.mark.parametrize(
    ("said", "reason", "hard"),
    [
        ("Sorry, no mailbox here by that name. (#5.1.1)", "no_such_mailbox", True),
        ("Remote host said: 550 5.1.1 <li@example.com>... User Unknown", "no_such_mailbox", True),
        ("550 5.1.2 <li@example.com>... Host unknown", "no_such_domain", True),
        ("550 5.1.10 Domain has null MX", "domain_takes_no_mail", True),
        ("552 5.2.2 The recipient's mailbox is full", "mailbox_full", False),
        ("550 5.2.1 The user's account is disabled", "mailbox_disabled", False),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked", "blocked", False),
        ("550 5.7.26 Unauthenticated email is not accepted (DMARC)", "authentication", False),
        ("553 5.1.8 Domain of sender address a@b.example does not exist", "sender_refused", False),
        ("550 5.7.1 User unknown", "no_such_mailbox", False),
        ("550 User unknown (in reply to end of DATA command)", "no_such_mailbox", False),
        ("550 User unknown (in reply to RCPT TO command)", "no_such_mailbox", True),
        ("553 5.1.0 example.com does not exist (in reply to MAIL FROM)", "no_such_mailbox", False),
        ("550 unknown user", "no_such_mailbox", False),
        ("554 5.6.0 Message considered spam", "spam", False),
        ("550 5.1.1 用户不存在", "no_such_mailbox", True),
        ("Reason: recipient reached disk quota", "mailbox_full", False),
        ("ErrMsg=mail box space not enough", "mailbox_full", False),
        ("550 5.7.1 垃圾邮件", "spam", False),
        ("收件人邮件地址(li@example.com)不存在, 邮件无法送达", "no_such_mailbox", True),
        ("收件人邮箱容量不足", "mailbox_full", False),
        ("El destinatario tiene el buzón lleno", "mailbox_full", False),
        ("Das Postfach des Empfängers ist voll", "mailbox_full", False),
        ("Почтовый ящик получателя li@example.com переполнен", "mailbox_full", False),
        ("пользователь не найден", "no_such_mailbox", True),
        ("L'adresse li@example.com n'existe pas", "no_such_mailbox", True),
        ("O usuário não existe", "no_such_mailbox", True),
        ("554 5.2.1 Mailbox inactive", "mailbox_disabled", False),
        ("550 #5.1.0 Address rejected. (in reply to RCPT TO)", "no_such_mailbox", True),
        (
            "550 5.5.0 Requested action not taken: mailbox unavailable (in reply to RCPT TO)",
            "no_such_mailbox",
            True,
        ),
        ("550 Mailbox not found (in reply to end of DATA)", "no_such_mailbox", True),
        ("554 This user doesn't have a yahoo.com account", "no_such_mailbox", True),
        ("553 example.com does not exist (after end of data)", "no_such_mailbox", True),
        ("521 5.2.1 : (CON:B1) (in reply to initial server greeting)", "mailbox_disabled", False),
        (
            "521 Server does not accept mail (in reply to initial server greeting)",
            "domain_takes_no_mail",
            True,
        ),
        ("Utilisateur inconnu", "no_such_mailbox", True),
        ("all relevant MX records point to non-existent hosts", "no_such_domain", True),
        ("550 5.2.1 The account that you tried to reach is inactive.", "mailbox_disabled", False),
        (
            "Reason: Remote SMTP server has rejected address\n5.1.1 unknown or illegal alias",
            "no_such_mailbox",
            True,
        ),
        ("550", "refused", False),
        ("Nyaan", "undefined", False),
    ],
)
def test_the_words_tell_whose_fault_it_was(said: str, reason: str, hard: bool) -> None:
    verdict = judge(said)
    assert (verdict.reason, verdict.hard) == (reason, hard)


def test_words_alone_are_read() -> None:
    said = f"""Hi. This is the qmail-send program at mx.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.

<li@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 <li@example.com>... User Unknown
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

Message-ID: <{ATTEMPT}@lender.example.com>
Subject: your mailbox is full of virus
"""
    bounce = read(words(said))
    assert (bounce.hard, bounce.reason, bounce.recipient) == (
        True,
        "no_such_mailbox",
        "li@example.com",
    )
    assert bounce.message_ids == (ATTEMPT,)


def test_one_dead_recipient_of_two_is_seen() -> None:
    said = "  zhao@example.com\n    552 5.2.2 full\n  li@example.com\n    550 5.1.1 no such user"
    bounce = read(words(said, "Mail delivery failed"))
    assert (bounce.hard, bounce.recipient) == (True, "li@example.com")


def test_a_holiday_note_is_an_auto_reply_and_a_letter_is_nothing() -> None:
    away = (
        b"From: li@example.com\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nBack soon"
    )
    assert read(away).kind is Kind.AUTO_REPLY
    assert read(away.replace(b"Auto-Submitted: auto-replied\n", b"")).kind is Kind.AUTO_REPLY
    letter = b"From: li@example.com\nSubject: my bill\n\nI paid yesterday."
    assert read_bounce(letter) is None


def test_a_shop_that_says_thanks_did_not_refuse() -> None:
    """It has our mail, and its words are of something else."""
    thanks = (
        b"From: no-reply@shop.example.com\nSubject: We have your message\n"
        b"Auto-Submitted: auto-replied\n\nYour order for li@example.com: user unknown."
    )
    assert read(thanks).kind is Kind.AUTO_REPLY
    bounce = thanks.replace(b"We have your message", b"Mail System Error - Returned Mail")
    assert (read(bounce).kind, read(bounce).hard) == (Kind.BOUNCE, True)


def test_line_ends_do_not_matter() -> None:
    assert read(report()) == read(report().replace(b"\n", b"\r\n"))
    assert read(report()) == read(report().replace(b"\n", b"\r"))


def test_a_mark_of_utf_8_before_the_head_does_not_matter() -> None:
    assert read(report()) == read(b"\xef\xbb\xbf" + report())


@settings(max_examples=100)
@given(st.data())
def test_no_mutation_is_too_broken(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from((report(), words("550 5.1.1 unknown user")))))
    del raw[data.draw(st.integers(0, len(raw))) :]
    for at in data.draw(st.lists(st.integers(0, 10_000), max_size=12)):
        if raw:
            raw[at % len(raw)] = data.draw(st.integers(0, 255))
    read_bounce(bytes(raw))


@settings(max_examples=50)
@given(st.binary(max_size=400))
def test_no_bytes_are_too_strange(raw: bytes) -> None:
    read_bounce(raw)
    read_bounce(b"From: MAILER-DAEMON\nContent-Type: multipart/report; boundary=b\n\n--b\n" + raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"Content-Type: multipart/report; boundary*0*=%\n\n",
        b"Content-Type: text/plain; charset*=x'y'%zz\nFrom: MAILER-DAEMON\n\n\xff",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n=",
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: message/rfc822\n\n" * 300,
        b"From: MAILER-DAEMON\nSubject: failure\n\n" + b"mailbox " * 20_000,
        b"From: MAILER-DAEMON\nSubject: failure\n\n" + b"<" * 100_000,
        b"Date: 99 Foo 99999999 99:99\nFrom: MAILER-DAEMON\n\n550",
    ],
)
def test_known_traps(raw: bytes) -> None:
    read_bounce(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"From: MAILER-DAEMON\nContent-Type: text/html\n\n" + b"<style>" * 70_000,
        b"From: MAILER-DAEMON\nSubject: " + b"=?utf-8?q?=41?= " * 30_000 + b"\n\n550",
    ],
)
def test_no_mail_takes_long(raw: bytes) -> None:
    """Half a minute and seven seconds, before what is quadratic was bounded."""
    begun = time.process_time()
    read_bounce(raw)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "subject", ["Subject: Virus", "> Betreff: Quota exceeded", "主题\uff1a垃圾邮件"]
)
def test_our_own_subject_is_no_servers_word(subject: str) -> None:
    said = f"{subject}\n\ndid not reach:\n\n  The recipient name is not\n  recognized\n"
    assert read(words(said)).reason == "no_such_mailbox"


def test_a_line_may_be_broken_anywhere() -> None:
    assert read(words("MSEXCH:IMS:MAIN 0 (000C05A6) Unknown\nRecipient")).hard
    found = read(words("<li@example.com>: Name service error: Host not\n  found, try again"))
    assert (found.hard, found.reason) == (False, "no_answer")


def test_what_html_hides_is_not_read() -> None:
    said = (
        b"<STYLE>a</style ><p>552 <b>mailbox</b> full</p><script>user unknown</script>",
        b"<style>user unknown</style>552 mailbox full",
    )
    for each in said:
        found = read(b"From: MAILER-DAEMON\nContent-Type: text/html\n\n" + each)
        assert found.reason == "mailbox_full"


@pytest.mark.skipif(not REAL.exists(), reason="shared/data/bounces is not here")
def test_real_bounces_are_told_apart() -> None:
    """Of 257 real ones ≥ 95 % are right, and neither class is bought with the other."""
    wanted: dict[str, list[dict[str, object]]] = json.loads((REAL / "expected.json").read_text())
    right = {True: 0, False: 0}
    of = {True: 0, False: 0}
    for name, recipients in wanted.items():
        hard = any(each["hard"] for each in recipients)
        bounce = read_bounce((REAL / "messages" / name).read_bytes())
        of[hard] += 1
        right[hard] += (bounce is not None and bounce.hard) is hard
    assert sum(right.values()) / sum(of.values()) >= 0.95
    assert (right[True] / of[True] + right[False] / of[False]) / 2 >= 0.90
