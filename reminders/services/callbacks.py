"""Callback bodies as they came, and what each says of our attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from channels.contract import Post
from channels.errors import ReceiptError
from reminders.domain.identity import month_in
from reminders.domain.outcome import Receipt
from reminders.services.resources import Resources


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback body as it came, whole; its signature was checked at the door."""

    entry: str
    provider: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # those the stream keeps
    url: str = ""

    @property
    def post(self) -> Post:
        """What its provider reads."""
        return Post(self.body, self.headers, self.url)


@dataclass(frozen=True, slots=True)
class Heard:
    """One statement of a callback about one attempt."""

    attempt_id: UUID
    provider: str
    receipt: Receipt
    callback: Callback


def read_callback(resources: Resources, callback: Callback) -> tuple[list[Heard], list[str]]:
    """What one body says of our attempts, and what of it could not be read."""
    channel = resources.fleet.by_name.get(callback.provider)
    if channel is None:
        return [], [f"no provider is called {callback.provider}"]
    wrong = []
    try:
        said = channel.hear(callback.post).receipts
    except ReceiptError as error:
        said = error.readable
        wrong.append(str(error))
    heard = []
    for receipt in said:
        try:
            attempt_id = _attempt_id(receipt)
        except ReceiptError as error:
            wrong.append(str(error))
        else:
            heard.append(Heard(attempt_id, callback.provider, receipt, callback))
    return heard, wrong


def _attempt_id(receipt: Receipt) -> UUID:
    try:
        attempt_id = UUID(receipt.attempt_id)
        month_in(attempt_id)
    except ValueError:
        raise ReceiptError("it names no attempt of ours") from None
    return attempt_id
