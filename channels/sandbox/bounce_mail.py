"""The mails that a relay sends back, and the folder that it delivers them into."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from itertools import count
from pathlib import Path

_HOST = "sandbox.example.com"
_SAID = {
    "5.1.1": "550 5.1.1 <{to}>: Recipient address rejected: User unknown",
    "5.2.2": "552 5.2.2 <{to}>: Recipient address rejected: Mailbox full",
}


class MailFolder:
    """A Maildir: each mail is written beside and then renamed in, so none is seen half."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def deliver(self, mail: bytes) -> Path:
        """Where the mail lies until whoever reads the folder has marked it."""
        name = f"{int(time.time())}.M{next(self._numbers):08d}P{os.getpid()}.{_HOST}"
        draft = self.folder / "tmp" / name
        draft.write_bytes(mail)
        return draft.rename(self.folder / "new" / name)


def bounce(path: str, to: str, reference: str, code: str, at: datetime) -> bytes:
    """A delivery report (RFC 3464) to the return path `path`."""
    said = _SAID.get(code, "550 {code} <{to}>: refused").format(to=to, code=code)
    fields = (
        f"Reporting-MTA: dns; {_HOST}\n\nFinal-Recipient: rfc822; {to}\nAction: failed\n"
        f"Status: {code}\nDiagnostic-Code: smtp; {said}\n"
    )
    return _report(
        path,
        at,
        ("Undelivered Mail Returned to Sender", "delivery-status"),
        f"Your message could not be delivered.\n\n<{to}>: {said}\n",
        fields,
        reference,
    )


def complaint(path: str, to: str, reference: str, code: str, at: datetime) -> bytes:
    """A customer's "this is spam" (RFC 5965), to the return path of what they complain of."""
    fields = (
        "Feedback-Type: abuse\nUser-Agent: Sandbox/1\nVersion: 1\n"
        f"Original-Mail-From: <{path}>\nOriginal-Rcpt-To: <{to}>\n"
    )
    return _report(
        path,
        at,
        ("Abuse report", "feedback-report"),
        "This is an abuse report for a message that you sent.\n",
        fields,
        reference,
    )


def _report(
    path: str, at: datetime, about: tuple[str, str], words: str, fields: str, reference: str
) -> bytes:
    subject, kind = about
    text = (
        f"Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@{_HOST}>\nTo: {path}\n"
        f"Date: {format_datetime(at)}\nSubject: {subject}\nAuto-Submitted: auto-replied\n"
        f"Message-ID: <{kind}.{reference}@{_HOST}>\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="=_report"\n\n'
        f"--=_report\nContent-Type: text/plain; charset=us-ascii\n\n{words}\n"
        f"--=_report\nContent-Type: message/{kind}\n\n{fields}\n"
        f"--=_report\nContent-Type: text/rfc822-headers\n\n"
        f"Return-Path: <{path}>\nMessage-ID: <{reference}@lender.example.com>\n\n--=_report--\n"
    )
    return text.encode()


# What comes back as a mail, by the status that the carrier would else post.
Write = Callable[[str, str, str, str, datetime], bytes]
MAILS: dict[str, Write] = {"bounced": bounce, "complained": complaint}
