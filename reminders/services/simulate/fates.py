"""What becomes of a message in a simulation, drawn from declared assumptions; never results.

Every draw is a function of (seed, customer, reminder, attempt), so that two policies meet the same
fate wherever they make the same attempt, on every machine and in any number of processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import count
from typing import Final, Protocol

from reminders.domain.outcome import AttemptState
from reminders.domain.record import record

# Read once: in CPython 3.11 the attribute of an enum costs more than what is done with it.
_ACCEPTED: Final = AttemptState.ACCEPTED
_DELIVERED: Final = AttemptState.DELIVERED
_FAILED: Final = AttemptState.FAILED
NOTE = "outcomes are drawn from a declared model, not observed"
_WHOLE = 2**48
_number: Final = int.from_bytes
_QUANTILES = (0.0, 0.5, 0.9, 0.99, 1.0)
_BETWEEN = tuple(zip(count(), _QUANTILES, _QUANTILES[1:], strict=False))


@record
class Fate:
    """What becomes of one attempt: the state that its call ends in, and what is heard later.

    `receipts` are (seconds after the call, state); `opts_out_after` is in seconds, or None.
    """

    state: AttemptState
    dead_contact: bool = False
    receipts: tuple[tuple[int, AttemptState], ...] = ()
    opts_out_after: int | None = None


class Fates(Protocol):
    """Says what becomes of attempts: a model, or what was recorded."""

    def fate(self, customer: str, channel: str, address: str, about: str) -> Fate: ...


@dataclass(frozen=True, slots=True)
class ChannelModel:
    """How one channel behaves. Shares are of 1; delays are seconds at their quantiles."""

    cost_of_1000_minor: int
    unknown_address: float
    refused: float
    delivered: float
    undelivered: float
    read: float
    opts_out: float
    tells_delivery: bool
    delivery: tuple[int, ...]
    reading: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """The assumptions of a simulation; costs are in minor units of `currency`."""

    name: str
    version: int
    seed: int
    currency: str
    channels: Mapping[str, ChannelModel]

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"

    def fate(self, customer: str, channel: str, address: str, about: str) -> Fate:
        """What becomes of the attempt `about` (reminder and number) on this channel."""
        model = self.channels[channel]
        unknown = model.unknown_address
        if unknown and _address_share(self.seed, customer, channel, address) < unknown:
            return Fate(AttemptState.FAILED, dead_contact=True)
        drawn = _drawn(self.seed, f"attempt\0{customer}\0{about}")
        if model.refused and _share(drawn, 0) < model.refused:
            return Fate(_FAILED)
        quits = _quits(model, drawn) if model.opts_out else None
        return Fate(_ACCEPTED, False, _heard(model, drawn), quits)


@cache
def _seeded(seed: int) -> blake2b:
    """Copied for every draw: a key costs as much as what is drawn with it."""
    return blake2b(digest_size=36, key=seed.to_bytes(8, "big", signed=True))


def _drawn(seed: int, text: str) -> bytes:
    found = _seeded(seed).copy()
    found.update(text.encode("utf-8", "surrogatepass"))
    return found.digest()


@lru_cache(maxsize=1024)
def _address_share(seed: int, customer: str, channel: str, address: str) -> float:
    """An address stays known or unknown, so it is drawn once."""
    return _share(_drawn(seed, f"address\0{customer}\0{channel}\0{address}"), 0)


def _heard(model: ChannelModel, drawn: bytes) -> tuple[tuple[int, AttemptState], ...]:
    arrives = _share(drawn, 6)
    if arrives >= model.delivered:
        if arrives < model.delivered + model.undelivered:
            return ((_delay(model.delivery, _share(drawn, 12)), AttemptState.UNDELIVERED),)
        return ()
    reads = model.read and _share(drawn, 18) < model.read
    if not reads and not model.tells_delivery:
        return ()
    after = _delay(model.delivery, _share(drawn, 12))
    heard = ((after, _DELIVERED),) if model.tells_delivery else ()
    if reads:
        after += _delay(model.reading, _share(drawn, 24))
        return (*heard, (after, AttemptState.READ))
    return heard


def _quits(model: ChannelModel, drawn: bytes) -> int | None:
    if _share(drawn, 30) >= model.opts_out:
        return None
    return _delay(model.delivery, _share(drawn, 12)) + _delay(model.reading, _share(drawn, 24))


def _share(drawn: bytes, at: int) -> float:
    return _number(drawn[at : at + 6], "big") / _WHOLE


def _delay(quantiles: tuple[int, ...], share: float) -> int:
    """Whole seconds at `share` of the delay's distribution."""
    for index, low, high in _BETWEEN:
        if share <= high:
            part = (share - low) / (high - low)
            return quantiles[index] + int(part * (quantiles[index + 1] - quantiles[index]))
    return quantiles[-1]
