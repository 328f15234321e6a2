"""Customers with their facts, in chunks that a process can be handed: of any source, one order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reminders.services.simulate.facts import Fact, fact_of

CHUNK = 128  # customers handed to a process at once: a few hundred milliseconds of work


@dataclass(slots=True)
class Heard:
    """What a source has read so far."""

    events: int = 0
    malformed: int = 0
    duplicates: int = 0
    conflicts: int = 0
    first_flaw: str = ""


class Chunk(Protocol):
    """Some customers; small, and made into facts only in the process that plays them."""

    def people(self) -> Iterator[tuple[str, Sequence[Fact]]]:
        """Each customer's reference and facts."""


class Source(Protocol):
    """Where customers come from. Reading it again gives the same customers in the same order."""

    @property
    def name(self) -> str: ...

    @property
    def heard(self) -> Heard: ...

    @property
    def total(self) -> int | None:
        """How many customers there are, once that is known."""

    def chunks(self) -> Iterator[Chunk]: ...


@dataclass(frozen=True, slots=True)
class Written:
    """Customers as the bytes of their events."""

    customers: tuple[tuple[str, tuple[bytes, ...]], ...]

    def people(self) -> Iterator[tuple[str, Sequence[Fact]]]:
        for ref, bodies in self.customers:
            yield ref, [fact_of(json.loads(body)) for body in bodies]
