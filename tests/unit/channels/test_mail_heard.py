"""Mails in our mailbox: whose attempt they are about, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import Header

import pytest

from channels.contract import Post
from channels.email.heard import MAIL_TYPE, mail_post
from channels.email.smtp import EmailChannel, EmailSettings, ListeningEmailChannel, Tls, build
from channels.email.smtp.errors import GREYLISTED_FOR, Stage, outcome_of
from channels.email.smtp.reply import SmtpReply
from channels.email.verp import Verp
from channels.errors import ChannelSettingsError, ReceiptError
from channels.signature import HEADER, sign
from reminders.domain.outcome import ReceiptStatus, Transient
from tests.unit.channels.test_bounces import ATTEMPT, report

SETTINGS = EmailSettings("127.0.0.1", 25, "bills@lender.example.com", "secret")
SIGNING = replace(SETTINGS, verp_key="key", bounce_domain="bounces.lender.example.com")
CAME = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PATH = Verp("bounces.lender.example.com", "key").make(ATTEMPT)


def to_return_path(raw: bytes, path: str = PATH) -> bytes:
    return raw.replace(b"To: bills@lender.example.com", f"To: {path}".encode(), 1)


def letter(subject: str, body: str = "I paid yesterday.", extra: str = "") -> bytes:
    head = f"From: Li <li@example.com>\nTo: {PATH}\nSubject: {subject}\n{extra}"
    return f"{head}Message-ID: <7@example.com>\n\n{body}\n".encode()


def test_a_signed_return_path_names_the_attempt() -> None:
    told = EmailChannel(SIGNING).hear(mail_post(to_return_path(report()), CAME))
    (receipt,) = told.receipts
    assert receipt.attempt_id == ATTEMPT
    assert (receipt.status, receipt.dead_contact) == (ReceiptStatus.UNDELIVERED, True)
    assert receipt.reason == "no_such_mailbox"
    assert receipt.at == datetime(2025, 10, 23, 2, 0, tzinfo=UTC)


def test_nobody_forges_a_bounce_of_an_attempt_whose_id_they_saw() -> None:
    """The Message-ID that the report returns names the attempt; the return path is unsigned."""
    forged = PATH.replace("=", "=a", 1)
    for raw in (report(), to_return_path(report(), forged)):
        with pytest.raises(ReceiptError, match="names no attempt"):
            EmailChannel(SIGNING).hear(mail_post(raw, CAME))


def test_without_signed_paths_the_returned_message_id_names_it() -> None:
    (receipt,) = EmailChannel(SETTINGS).hear(mail_post(report(), CAME)).receipts
    assert receipt.attempt_id == ATTEMPT


def test_a_mail_without_a_date_says_the_same_whenever_it_is_read() -> None:
    raw = to_return_path(report()).replace(b"Date: Thu, 23 Oct 2025 10:00:00 +0800\n", b"")
    (receipt,) = EmailChannel(SIGNING).hear(mail_post(raw, CAME)).receipts
    assert receipt.at == CAME
    unknown = EmailChannel(SIGNING, now=lambda: CAME + timedelta(days=1))
    (receipt,) = unknown.hear(Post(raw, {"content-type": MAIL_TYPE})).receipts
    assert receipt.at == CAME + timedelta(days=1)


def test_delays_and_holiday_notes_change_nothing() -> None:
    channel = EmailChannel(SIGNING)
    delayed = to_return_path(report("smtp; 451 4.4.1 timed out", "4.4.1", "delayed"))
    assert not channel.hear(mail_post(delayed, CAME)).receipts
    away = letter("Out of office", extra="Auto-Submitted: auto-replied\n")
    told = channel.hear(mail_post(away, CAME))
    assert not told.receipts
    assert not told.inbound


def test_what_a_customer_answers_is_for_a_person() -> None:
    body = "I paid yesterday.\n\nOn Monday the lender wrote:\n> Your bill is due"
    (said,) = EmailChannel(SIGNING).hear(mail_post(letter("Re: bill", body), CAME)).inbound
    assert (said.sender, said.text, said.attempt_id) == (
        "li@example.com",
        "I paid yesterday.",
        ATTEMPT,
    )
    assert said.ref == "<7@example.com>"


def test_a_customer_who_quotes_a_failure_is_no_bounce() -> None:
    for subject in ("Re: Undelivered Mail Returned to Sender", "my mailbox"):
        raw = letter(subject, "My account does not exist any more? User unknown? 550?")
        told = EmailChannel(SIGNING).hear(mail_post(raw, CAME))
        assert not told.receipts
        assert told.inbound


def test_the_mail_of_an_unsubscribe_button_is_a_stop() -> None:
    """I3: an opt-out counts however it is sent; mail programs mark theirs as automatic."""
    raw = letter("unsubscribe", "Sent by Mail", extra="Auto-Submitted: auto-replied\n")
    (said,) = EmailChannel(SIGNING).hear(mail_post(raw, CAME)).inbound
    assert said.text == "STOP"


@pytest.mark.parametrize(
    "behind",
    [
        "-- \nLi Wei\nExample Ltd",
        "Sent from my iPhone",
        "发自我的iPhone",
        "On Mon, Mar 2, 2026 at 10:00 AM Example Bank\n<bills@lender.example.com> wrote:\n\n> x",
        "Bank <bills@lender.example.com> 于2026年3月2日周一 10:00写道:\n\n> 您的账单",
        "------------------ 原始邮件 ------------------\n发件人: Bank",
        "From: Bank <bills@lender.example.com>\nSent: Monday\nTo: Li\n\nYour bill",
    ],
)
def test_what_mail_programs_write_behind_a_stop_is_not_the_customers(behind: str) -> None:
    """I3: an opt-out counts however it is sent."""
    raw = letter("Re: bill", f"stop\n\n{behind}\n", "Content-Type: text/plain; charset=utf-8\n")
    (said,) = EmailChannel(SIGNING).hear(mail_post(raw, CAME)).inbound
    assert said.text == "stop"


PAGE = (
    "<html><head><style>p {color: red}</style></head><body><div>STOP</div><div>&nbsp;<br></div>"
    "<hr><div><b>From:</b> Bank<br><b>Sent:</b> Monday<br>Your bill</div></body></html>"
)


@pytest.mark.parametrize(
    "parts",
    [
        [("plain", "STOP"), ("html", "<div dir=ltr>STOP</div>")],
        [("plain", " "), ("html", PAGE)],
        [("html", PAGE)],
    ],
)
def test_a_letter_in_two_forms_is_said_once(parts: list[tuple[str, str]]) -> None:
    """I3: most mail programs write both; a page alone is read in the lines that it shows."""
    body = "".join(f"--b\nContent-Type: text/{kind}\n\n{text}\n" for kind, text in parts)
    kind = 'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="b"\n'
    raw = letter("Re: bill", f"{body}--b--", kind)
    (said,) = EmailChannel(SIGNING).hear(mail_post(raw, CAME)).inbound
    assert said.text == "STOP"


@pytest.mark.parametrize(
    "own", ["I paid.\nSent from my other account, 100.", "已还款。\n来自我的另一个账户。"]
)
def test_no_word_of_the_customers_is_taken_for_a_telephones(own: str) -> None:
    raw = letter("Re: bill", own, "Content-Type: text/plain; charset=utf-8\n")
    (said,) = EmailChannel(SIGNING).hear(mail_post(raw, CAME)).inbound
    assert said.text == own


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("On Monday the lender wrote:\n> Your bill is due\n> Reply STOP\n\nstop\n", "stop"),
        ("> Your bill is due\nI paid yesterday.\n> Reply STOP\n", "I paid yesterday."),
        ("On Monday the lender wrote:\n> Your bill is due\n", "Re: bill"),
    ],
)
def test_who_writes_below_what_they_answer_is_read_too(body: str, said: str) -> None:
    (found,) = EmailChannel(SIGNING).hear(mail_post(letter("Re: bill", body), CAME)).inbound
    assert found.text == said


def test_a_subject_is_read_as_people_see_it() -> None:
    """Every subject that is not English comes in encoded words (RFC 2047)."""
    channel = EmailChannel(SIGNING)
    away = letter(Header("自动回复:我在休假", "gb18030").encode(), "x")
    assert not channel.hear(mail_post(away, CAME)).inbound
    (said,) = channel.hear(mail_post(letter("=?utf-8?b?6YCA6K6i?=", ""), CAME)).inbound
    assert said.text == "退订"


def test_a_complaint_that_lost_its_envelope_is_known_by_the_way_to_unsubscribe() -> None:
    """Microsoft's feedback loop keeps the headers of the mail and takes the return path off."""
    told_of = f"List-Unsubscribe: <https://x.example.com/u>,\n <mailto:{PATH}?subject=unsubscribe>"
    raw = (
        "From: staff@hotmail.example.com\nTo: abuse@lender.example.com\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nan abuse report\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{told_of}\nSubject: Your bill\n\nx\n--b--\n"
    ).encode()
    (receipt,) = EmailChannel(SIGNING).hear(mail_post(raw, CAME)).receipts
    assert (receipt.attempt_id, receipt.reason) == (ATTEMPT, "complaint")
    assert receipt.dead_contact
    forged = raw.replace(PATH.encode(), PATH.replace("=", "=a", 1).encode())
    with pytest.raises(ReceiptError, match="names no attempt"):
        EmailChannel(SIGNING).hear(mail_post(forged, CAME))


def test_a_letter_to_nobody_is_refused() -> None:
    with pytest.raises(ReceiptError, match="answers no message"):
        EmailChannel(SETTINGS).hear(mail_post(b"From: a@example.com\n\nbuy this", CAME))


def test_a_mail_may_be_posted_under_our_own_signature() -> None:
    channel = EmailChannel(SETTINGS)
    body = report()
    kind = {"content-type": MAIL_TYPE}
    assert channel.verify(Post(body, {**kind, HEADER: sign("secret", body)}))
    assert not channel.verify(Post(body, {**kind, HEADER: sign("other", body)}))
    assert not channel.verify(Post(body, kind))


def test_an_account_with_a_mailbox_listens() -> None:
    assert not isinstance(build(SETTINGS), ListeningEmailChannel)
    assert isinstance(build(replace(SETTINGS, mailbox="maildir:/var/mail")), ListeningEmailChannel)


@pytest.mark.parametrize(
    "changes",
    [
        {"mailbox": "pop3://mail.example.com"},
        {"mailbox": "imaps:///INBOX"},
        {"mailbox": "maildir:relative"},
        {"bounce_domain": "bounces.example.com"},
        {"verp_key": "key", "bounce_domain": "no domain"},
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ChannelSettingsError):
        build(replace(SETTINGS, **changes))  # type: ignore[arg-type]  # fields by name


def test_greylisting_is_waited_for() -> None:
    """A 4xx says not now; a greylisting server says for how long by what it is."""
    for code, line in ((451, "4.7.1 Greylisted, try later"), (450, "4.2.0 Postgrey: greylisting")):
        outcome = outcome_of(Stage.RCPT, SmtpReply(code, (line,)))
        assert isinstance(outcome, Transient)
        assert outcome.retry_after == GREYLISTED_FOR
    busy = outcome_of(Stage.RCPT, SmtpReply(451, ("4.3.0 busy",)))
    assert isinstance(busy, Transient)
    assert busy.retry_after is None
    assert Tls("implicit") is Tls.IMPLICIT
