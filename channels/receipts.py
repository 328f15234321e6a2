"""Reads a callback body of one receipt or an array of them; each channel maps the entries."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from channels.contract import Told
from channels.errors import ReceiptError
from reminders.domain.outcome import Inbound, Receipt

_REFERENCE = re.compile(r"[0-9A-Za-z-]{32,36}")
# A lone surrogate is legal JSON that no database takes; so is NUL.
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")

Entry = Mapping[str, object]

# The instant of a receipt whose provider gives none. Whoever applies it puts the instant of its
# post there; until then the same receipt read twice is the same.
UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S = 253_402_300_799  # the last second of the year 9999


def read_receipts(body: bytes, to_receipt: Callable[[Entry], Receipt]) -> Sequence[Receipt]:
    """Every receipt of `body`. Raises `ReceiptError`, which carries those that could be read."""
    return read_told(body, to_receipt).receipts


def read_told(body: bytes, read: Callable[[Entry], Receipt | Inbound]) -> Told:
    """Every entry of `body`, receipts and what customers wrote. Raises `ReceiptError`, which
    carries those that could be read."""
    return gather(_entries(body), read)


def gather(
    entries: Sequence[object],
    read: Callable[[Entry], Receipt | Inbound | None],
    what: str = "receipt",
) -> Told:
    """Every one of `entries` that says something. Raises `ReceiptError`, which carries what could
    be read."""
    receipts: list[Receipt] = []
    inbound: list[Inbound] = []
    problem = ""
    for number, entry in enumerate(entries):
        try:
            if not isinstance(entry, dict):
                raise ReceiptError("is not an object")
            found = read(entry)
        except ReceiptError as error:
            problem = problem or f"{what} {number}: {error}"
            continue
        if isinstance(found, Receipt):
            receipts.append(found)
        elif found is not None:
            inbound.append(found)
    if problem:
        raise ReceiptError(problem, receipts, inbound)
    return Told(receipts, inbound)


def _entries(body: bytes) -> list[object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReceiptError(f"not JSON: {type(error).__name__}") from error
    entries = found if isinstance(found, list) else [found]
    if not entries:
        raise ReceiptError("an empty array")
    return entries


def text_of(entry: Entry, name: str, limit: int = 200) -> str:
    """The text of a field, "" where it is absent or null; numbers are read as their digits."""
    value = entry.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ReceiptError(f"{name} is not text")
    if isinstance(value, int) and abs(value) >= 10**18:
        raise ReceiptError(f"{name} is too large")
    text = str(value)
    if len(text) > limit or _NOT_STORABLE.search(text):
        raise ReceiptError(f"{name} is too long or not storable")
    return text


def is_reference(text: str) -> bool:
    """Whether it can be an attempt id of ours."""
    return _REFERENCE.fullmatch(text) is not None


def unix_second_of(entry: Entry, name: str) -> datetime:
    """The instant of a unix second that is written as text."""
    text = text_of(entry, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 12) or int(text) > _LATEST_S:
        raise ReceiptError(f"{name} is not a unix second")
    return datetime.fromtimestamp(int(text), UTC)


def reference_of(entry: Entry) -> str:
    """Our own attempt id, as the provider quotes it."""
    text = text_of(entry, "reference")
    if not is_reference(text):
        raise ReceiptError("reference is not an attempt id")
    return text


def instant_of(entry: Entry, name: str = "at") -> datetime:
    """The provider's instant, aware UTC."""
    text = text_of(entry, name)
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ReceiptError(f"{name} has no time zone")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, ReceiptError):
            raise
        raise ReceiptError(f"{name} is not an ISO 8601 instant") from error
