"""An IMAP folder (RFC 9051) by the standard library: unseen mails are taken, then marked seen."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from channels.email.mailbox.box import (
    AT_ONCE,
    MOST_BYTES,
    Kept,
    MailboxTrouble,
    MailTrouble,
    Place,
)

_BROKEN = (imaplib.IMAP4.error, OSError, ValueError)
_CAME = re.compile(rb'INTERNALDATE "([^"]{10,40})"')
_UID = re.compile(rb"[0-9]{1,10}")


class ImapFolder:
    """One folder, selected. Raises `MailboxTrouble` for whatever goes wrong."""

    def __init__(self, place: Place) -> None:
        try:
            self._client = _connected(place)
        except _BROKEN as error:
            raise _trouble("connect", error) from None
        try:
            self._client.login(place.user, place.password)
            folder = unquote(urlsplit(place.url).path.strip("/")) or "INBOX"
            _fine(self._client.select(f'"{folder}"'))
        except _BROKEN as error:
            self.close()
            raise _trouble("log in", error) from None

    def waiting(self) -> Sequence[str]:
        try:
            found = _fine(self._client.uid("SEARCH", "UNSEEN"))
        except _BROKEN as error:
            raise _trouble("search", error) from None
        words = b" ".join(each for each in found if isinstance(each, bytes))
        uids = sorted({int(uid) for uid in _UID.findall(words)})
        return [str(uid) for uid in uids[:AT_ONCE]]

    def fetch(self, name: str) -> Kept | None:
        try:
            # PEEK leaves it unseen, the range keeps a huge one from us.
            wanted = f"(INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)"
            found = _fine(self._client.uid("FETCH", name, wanted))
            literal = next((each for each in found if isinstance(each, tuple)), None)
            if literal is None:
                return None
            told = b" ".join((literal[0], *(each for each in found if isinstance(each, bytes))))
            return Kept(name, bytes(literal[1]), _came(told))
        except (imaplib.IMAP4.abort, OSError) as error:
            raise _trouble("fetch", error) from None
        except _BROKEN as error:  # the line is whole: servers refuse a mail that is damaged
            raise MailTrouble(f"a mail cannot be fetched: {type(error).__name__}") from None

    def mark(self, name: str) -> None:
        try:
            _fine(self._client.uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)"))
        except _BROKEN as error:
            raise _trouble("store", error) from None

    def close(self) -> None:
        # A thread may wait in a call: only the end of the line wakes it.
        with contextlib.suppress(OSError, AttributeError):
            self._client.sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, AttributeError):
            self._client.sock.close()


def _connected(place: Place) -> imaplib.IMAP4:
    where = urlsplit(place.url)
    timeout_s = place.timeout.total_seconds()
    context = ssl.create_default_context(cafile=place.ca_file or None)
    if where.scheme == "imaps":
        return imaplib.IMAP4_SSL(
            where.hostname or "", where.port or 993, ssl_context=context, timeout=timeout_s
        )
    client = imaplib.IMAP4(where.hostname or "", where.port or 143, timeout=timeout_s)
    if not place.without_tls:
        client.starttls(context)
    return client


def _fine(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"answered {status}")
    return data


def _came(told: bytes) -> datetime:
    """The folder's own instant of delivery; the epoch where a server says none, never a guess that
    changes from one reading to the next."""
    found = _CAME.search(told)
    if found is None:
        return datetime.fromtimestamp(0, UTC)
    at = datetime.strptime(found[1].decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z")
    return at.astimezone(UTC)


def _trouble(doing: str, error: Exception) -> MailboxTrouble:
    # An IMAP error quotes the server's words, and those may quote the user's name.
    return MailboxTrouble(f"the mailbox would not {doing}: {type(error).__name__}")
