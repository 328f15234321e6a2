"""What every provider's account may be told, beside what its own settings add."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict


class Shared(TypedDict):
    """The part of `Capabilities` that an account's settings give."""

    weight: float
    cost_minor: int
    prefixes: tuple[str, ...]
    rate_per_s: float
    concurrency: int
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """`name` is unique among all providers: it stands in attempts, receipts and addresses.

    The others are those of `channels.contract.Capabilities`, which says what each means.
    """

    name: str
    weight: float = 1.0
    cost_minor: int = 0
    prefixes: tuple[str, ...] = ()
    rate_per_s: float = 100.0
    concurrency: int = 50
    timeout: timedelta = timedelta(seconds=10)

    def shared(self) -> Shared:
        """For `Capabilities(…, **settings.shared())`."""
        return Shared(
            weight=self.weight,
            cost_minor=self.cost_minor,
            prefixes=self.prefixes,
            rate_per_s=self.rate_per_s,
            concurrency=self.concurrency,
            timeout=self.timeout,
        )
