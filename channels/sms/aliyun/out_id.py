"""`OutId`, the one word of ours that Aliyun's receipts quote: which attempts a call carried.

A call with one message has the attempt's id. A call with several has, for each, the 128 bits of
its id in 22 characters of base64url and 3 that mark its number; the receipt's number says which
is meant. Ten of those are 250 characters, and OutId takes 255 (help.aliyun.com 102364).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final
from uuid import UUID

_ID: Final = 22
_MARK: Final = 3
_EACH: Final = _ID + _MARK


def mark_of(number: str) -> str:
    """Three characters of a number (E.164). Two numbers may have the same: not in one call."""
    digest = blake2b(number.encode(), digest_size=2).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")[:_MARK]


def can_share(attempt_id: str) -> bool:
    """Whether an attempt can be named beside others: its id must be a UUID as Python writes it."""
    try:
        return str(UUID(attempt_id)) == attempt_id
    except ValueError:
        return False


def pack(attempts: Sequence[tuple[str, str]]) -> str:
    """The OutId of a call: attempt id and number of each of its messages."""
    if len(attempts) == 1:
        return attempts[0][0]
    return "".join(_packed(attempt_id) + mark_of(number) for attempt_id, number in attempts)


def is_packed(out_id: str) -> bool:
    """Whether it names the attempts of several messages."""
    return bool(out_id) and len(out_id) % _EACH == 0


def unpack(out_id: str, number: str) -> str:
    """The attempt that a receipt for `number` means, of a packed OutId; "" if it is none."""
    wanted = mark_of(number)
    for start in range(0, len(out_id), _EACH):
        if out_id[start + _ID : start + _EACH] == wanted:
            return _unpacked(out_id[start : start + _ID])
    return ""


def all_of(out_id: str) -> list[str]:
    """Every attempt that an OutId names, in order."""
    if not is_packed(out_id):
        return [out_id]
    starts = range(0, len(out_id), _EACH)
    return [_unpacked(out_id[start : start + _ID]) for start in starts]


def _packed(attempt_id: str) -> str:
    return base64.urlsafe_b64encode(UUID(attempt_id).bytes).decode("ascii").rstrip("=")


def _unpacked(text: str) -> str:
    try:
        return str(UUID(bytes=base64.b64decode(f"{text}==".encode("ascii"), b"-_", validate=True)))
    except (ValueError, UnicodeEncodeError):
        return ""
