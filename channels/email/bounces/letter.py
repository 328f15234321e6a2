"""Takes a mail apart, however broken: its words, its reports, and the message that it returns.

The standard parser reads what no other does, but trips over some broken headers; then the mail is
read as one flat text, as are mails without parts.
"""

from __future__ import annotations

import binascii
import quopri
import re
from base64 import b64decode
from codecs import BOM_UTF8
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from html import unescape

# A bounce says what it has to say at its beginning; what follows is the returned message.
MOST_BYTES = 512 * 1024
_MOST_TEXT = 32 * 1024
_MOST_PARTS = 60

# What the standard parser was seen to raise on broken headers, besides the errors it announces.
_TRIPS = (
    MessageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
)

# Where servers that know no MIME say that now the returned message follows.
_ORIGINAL = re.compile(
    r"^[ \t>]*-{2,}[^\n]{0,12}(?:original|unsent|returned|undelivered|copy of|body of|header|"
    r"below this line|this is a copy|included)[^\n]*$"
    r"|^[ \t]*(?:original (?:message|headers?) follows|message headers? follow|"
    r"below (?:this line )?is (?:a |the )?copy|included is a copy|the original message follows|"
    r"received:[ \t]+\w+|return-path:|en-t[^\n]{0,3}tes de message)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_TAGS = re.compile(r"<[a-z!/][^<>]{0,400}>", re.IGNORECASE)
_LINES = re.compile(r"<(?:br|hr|/?(?:p|div|tr|li|h[1-6]))\b[^<>]{0,400}>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(?:style|script)\b", re.IGNORECASE)
_SEEN_AGAIN = re.compile(r"</(?:style|script)\b", re.IGNORECASE)
# The decoder of encoded words is quadratic in them.
_LONGEST_SUBJECT = 2000


@dataclass(frozen=True, slots=True)
class Letter:
    """`words` are for people, `reports` for machines, `returned` is the message it is about.
    `plain`: the words of its plain text alone; a page beside it says the same again."""

    heads: tuple[tuple[str, str], ...]
    words: str
    reports: str
    feedback: str
    returned: str
    plain: str = ""

    def head(self, *names: str) -> list[str]:
        """The values of these headers, in their order; `names` in lower case."""
        return [value for name, value in self.heads if name in names]


def open_letter(raw: bytes) -> Letter:
    """The letter; never raises."""
    raw = raw[:MOST_BYTES].removeprefix(BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    raw = raw.lstrip(b"\n")
    try:
        return _opened(message_from_bytes(raw))
    except _TRIPS:
        return _flat(raw)


def _flat(raw: bytes) -> Letter:
    """A letter that no parser takes apart."""
    head, _, rest = raw.decode("utf-8", "replace").partition("\n\n")
    words, returned = _without_original(rest or head)
    heads = tuple((name, _shown(name, value)) for name, value in heads_of(head))
    return Letter(heads, words, words, "", returned)


_HEAD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]*([^\n]*(?:\n[ \t]+[^\n]+)*)", re.MULTILINE)


def heads_of(text: str) -> list[tuple[str, str]]:
    """Header-like lines anywhere in `text`, unfolded, with lower-case names."""
    return [(found[1].lower(), " ".join(found[2].split())) for found in _HEAD.finditer(text)]


def _shown(name: str, value: str) -> str:
    """A subject as people read it (RFC 2047): nothing that is not English comes otherwise."""
    if name != "subject" or "=?" not in value:
        return value
    try:
        return " ".join(str(make_header(decode_header(value[:_LONGEST_SUBJECT]))).split())
    except _TRIPS:
        return value


def _opened(mail: Message) -> Letter:
    given = ((name.lower(), " ".join(str(value).split())) for name, value in mail.items())
    heads = tuple((name, _shown(name, value)) for name, value in given)
    words: list[str] = []
    plain: list[str] = []
    reports: list[str] = []
    feedback: list[str] = []
    returned: list[str] = []
    waiting, seen = [mail], 0
    while waiting and seen < _MOST_PARTS:
        part, seen = waiting.pop(0), seen + 1
        kind = part.get_content_type()
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            reports.append(_fields(part))
        elif kind in ("message/feedback-report", "message/x-feedback-report"):
            feedback.append(_fields(part))
        elif part is not mail and (kind.startswith("message/") or kind == "text/rfc822-headers"):
            returned.append(_fields(part))
        elif part.is_multipart():
            waiting[0:0] = [each for each in part.get_payload() if isinstance(each, Message)]
        elif kind.startswith(("text/", "multipart/", "message/")):
            said, rest = _without_original(_text(part, kind))
            words.append(said)
            plain.extend([said] if kind == "text/plain" else [])
            returned.append(rest)
    told = "\n\n".join(words)[:_MOST_TEXT]
    return Letter(
        heads,
        told,
        "\n\n".join(reports)[:_MOST_TEXT] or told,
        "\n\n".join(feedback)[:_MOST_TEXT],
        "\n".join(each for each in returned if each)[:_MOST_TEXT],
        "\n\n".join(plain)[:_MOST_TEXT],
    )


def _without_original(text: str) -> tuple[str, str]:
    """What is said, and the returned message below it."""
    found = _ORIGINAL.search(text)
    if found is None:
        return text[:_MOST_TEXT], ""
    return text[: found.start()][:_MOST_TEXT], text[found.start() :][:_MOST_TEXT]


def _text(part: Message, kind: str) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return str(part.get_payload())
    try:
        text = payload[:MOST_BYTES].decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", "replace")
    return _seen(text) if kind == "text/html" else text


def _seen(html: str) -> str:
    """The words of a page, in the lines in which it shows them."""
    text = unescape(_TAGS.sub(" ", _LINES.sub("\n", _without_styles(html))))
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def _without_styles(html: str) -> str:
    """Styles and scripts are cut by hand: one expression for both their ends looks for the second
    again from every first."""
    kept, at = [], 0
    while (opened := _UNSEEN.search(html, at)) is not None:
        closed = _SEEN_AGAIN.search(html, opened.end())
        if closed is None:
            break
        kept.append(html[at : opened.start()])
        at = closed.start()
    return " ".join((*kept, html[at:]))


def _fields(part: Message) -> str:
    """The groups of a report as text, a blank line between them."""
    payload = part.get_payload()
    groups = payload if isinstance(payload, list) else [payload]
    return _decoded(part, "\n\n".join(_plain(each) for each in groups))


def _plain(each: object) -> str:
    """A part as it came, but for its folding: its own `str` refuses headers that are broken."""
    if not isinstance(each, Message):
        return str(each)
    heads = "\n".join(f"{name}: {value}" for name, value in each.items())
    payload = each.get_payload()
    return f"{heads}\n\n{payload}" if isinstance(payload, str) else heads


def _decoded(part: Message, text: str) -> str:
    """RFC 2046 allows no encoding of these parts, and some servers use one all the same."""
    coding = str(part.get("content-transfer-encoding", "")).strip().lower()
    raw = text[:MOST_BYTES].encode("utf-8", "replace")
    if coding == "quoted-printable":
        return quopri.decodestring(raw).decode("utf-8", "replace")
    if coding == "base64":
        try:
            return b64decode(raw.strip()).decode("utf-8", "replace")
        except binascii.Error:
            return text
    return text
