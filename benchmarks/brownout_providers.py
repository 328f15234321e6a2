"""Providers in memory that take messages, lose answers, are slow or down, by a clock of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from channels.contract import Answer, Capabilities, Confirms, Message, Post, Told, WhenUncertain
from channels.receipts import instant_of, read_receipts, reference_of, text_of
from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Receipt,
    ReceiptStatus,
    Transient,
    Uncertain,
    Unsent,
)

USUAL_S = 0.15  # of one call
SLOW_S = 4.0
LOST_S = 3.0  # until an answer that will not come is given up


class Trouble(StrEnum):
    """What a part of the calls meets. `failing`: half of it is refused, half is never answered,
    and of the unanswered half again was taken. `silent`: it is accepted and thrown away."""

    FAILING = "failing"
    SLOW = "slow"
    DOWN = "down"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Spell:
    """A bad time, in seconds of the play."""

    trouble: Trouble
    begins_s: float
    ends_s: float
    share: float = 1.0


@dataclass
class ModelProvider:
    """One provider. Whatever becomes of a message hangs on its key alone."""

    name: str
    channel: str
    at: Callable[[], float]  # seconds of the play
    spells: Sequence[Spell] = ()
    rate_per_s: float = 1000.0
    taken: dict[str, float] = field(default_factory=dict)  # key → when
    capabilities: Capabilities = field(init=False)

    def __post_init__(self) -> None:
        self.capabilities = Capabilities(
            channel=self.channel,
            confirms=Confirms.DELIVERED if self.channel == "sms" else Confirms.ACCEPTED,
            idempotent=True,
            when_uncertain=WhenUncertain.ASK,
            rate_per_s=self.rate_per_s,
            concurrency=500,
            timeout=timedelta(seconds=10),
        )

    def call(self, key: str) -> tuple[Outcome, float]:
        """What becomes of a message that is handed over now, and after how many seconds."""
        part = int.from_bytes(sha256(f"{self.name} {key}".encode()).digest()[:6]) / 2**48
        for spell in self.spells:
            if spell.begins_s <= self.at() < spell.ends_s and part < spell.share:
                return self._in_trouble(spell.trouble, key, part / spell.share)
        return self._take(key), USUAL_S

    def _in_trouble(self, trouble: Trouble, key: str, part: float) -> tuple[Outcome, float]:
        if trouble is Trouble.SLOW:
            return self._take(key), SLOW_S
        if trouble is Trouble.DOWN:
            return Transient("connection refused"), USUAL_S
        if trouble is Trouble.SILENT:
            return Accepted(f"{self.name}-{key[-8:]}"), USUAL_S
        if part < 0.5:
            return Transient("gateway 503"), USUAL_S
        if part < 0.75:
            self._take(key)
        return Uncertain("no answer"), LOST_S

    def _take(self, key: str) -> Accepted:
        self.taken.setdefault(key, self.at())
        return Accepted(f"{self.name}-{key[-8:]}")

    async def send(self, message: Message) -> Outcome:
        return self.call(message.idempotency_key)[0]

    async def ask(self, idempotency_key: str) -> Outcome | None:
        return self.knows(idempotency_key)

    def knows(self, key: str) -> Outcome:
        """What it says when asked for a message."""
        return Accepted(f"{self.name}-{key[-8:]}") if key in self.taken else Unsent("unknown")

    def hear(self, post: Post) -> Told:
        return Told(
            read_receipts(
                post.body,
                lambda entry: Receipt(
                    reference_of(entry), ReceiptStatus(text_of(entry, "status")), instant_of(entry)
                ),
            )
        )

    def receipts(self, keys: Sequence[str], at: str) -> bytes:
        """The post that says of these that they were delivered."""
        return json.dumps(
            [{"reference": key, "status": "delivered", "at": at} for key in keys]
        ).encode()

    def verify(self, post: Post) -> bool:
        return True

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        return None
