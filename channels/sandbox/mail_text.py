"""Reads the subject, the text part and our reference out of a mail.

The standard parser costs milliseconds a mail; the shape our own channel writes is read by hand,
any other by the standard library.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^@>]+)@", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(
    rb"^Subject:[ \t]*((?:[^\r\n]*\r\n[ \t])*[^\r\n]*)", re.IGNORECASE | re.MULTILINE
)
_TEXT_PART = re.compile(
    rb"Content-Type: text/plain; charset=utf-8\r\n"
    rb"Content-Transfer-Encoding: base64\r\n\r\n([A-Za-z0-9+/=\r\n]+)"
)


@dataclass(frozen=True, slots=True)
class Mail:
    reference: str
    subject: str
    text: str


def read_mail(content: bytes) -> Mail:
    head = content.partition(b"\r\n\r\n")[0]
    reference = _MESSAGE_ID.search(head)
    return Mail(
        reference=reference[1].decode("latin-1") if reference else "",
        subject=_subject(head),
        text=_text(content),
    )


def _subject(head: bytes) -> str:
    found = _SUBJECT.search(head)
    if found is None:
        return ""
    raw = found[1].decode("latin-1").replace("\r\n", "")
    if "=?" not in raw:
        return raw
    try:
        return str(make_header(decode_header(raw)))
    except (ValueError, LookupError):
        return raw


def _text(content: bytes) -> str:
    found = _TEXT_PART.search(content)
    if found is None:
        return _text_by_the_book(content)
    try:
        text = base64.b64decode(found[1]).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return _text_by_the_book(content)
    return text.replace("\r\n", "\n")


def _text_by_the_book(content: bytes) -> str:
    mail = message_from_bytes(content, policy=policy.default)
    if not isinstance(mail, EmailMessage):
        return ""
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError, KeyError):
        return ""
