"""One row of the contract suite: a provider, and addresses whose scripts show each outcome."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from channels.contract import Channel, Post
from channels.signature import HEADER, sign
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World

Told = tuple[str, set[ReceiptStatus], bool]  # an address, its receipts, and whether it is dead


def as_json(entries: Sequence[object]) -> Post:
    """Receipts in our own form: `{"reference", "status", "at"}`, one or an array."""
    return Post(json.dumps(entries[0] if len(entries) == 1 else list(entries)).encode())


def with_our_signature(secret: str, body: bytes, at: int) -> Post:
    return Post(body, {HEADER: sign(secret, body, at)})


def unchanged(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Row:
    """`post_of` writes receipts as the provider does, from entries in our own form; one that
    quotes only its own id finds it in `reference`. `lines` are the sandbox's, by adapter and name.
    """

    name: str
    make: Callable[[World], Channel]
    make_unreachable: Callable[[World], Channel] | None
    good: str
    refused: str = ""
    busy: str = ""
    retry_after: timedelta | None = None
    hangs: str = ""
    status_word: str = ""
    status: ReceiptStatus = ReceiptStatus.DELIVERED
    signed_with: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    on_wire: Callable[[str], str] = unchanged  # a text as the carrier gets it
    post_of: Callable[[Sequence[object]], Post] = as_json
    arrays: bool = True  # a post can hold several receipts
    signed: Callable[[str, bytes, int], Post] = with_our_signature
    posted: bool = True  # else it speaks over a connection of ours, and nothing comes by HTTP
    dated: bool = True  # a signature grows old
    signs: bool = True  # else the secret stands in the address, and nothing covers the body
    says_when: bool = True  # its receipts give an instant
    tells_why: bool = True  # else a library answers yes or no, and sends no id of ours along
    offline: Callable[[], Channel] | None = None  # one that is only asked to read
    receipted: tuple[Told, ...] = ()
    secrets: tuple[str, ...] = ()  # of its account; they are in no log and no repr
