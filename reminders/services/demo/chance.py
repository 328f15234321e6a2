"""Seeded choices that depend on what they are about, never on the order they are made in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TypeVar

ItemT = TypeVar("ItemT")
NameT = TypeVar("NameT", bound=Hashable)

_WHOLE = 2**48


class Chance:
    """The same seed and the same words give the same draw, on every machine."""

    def __init__(self, seed: int) -> None:
        salt = seed.to_bytes(8, "big", signed=True)
        self._salted = blake2b(digest_size=6, salt=salt)  # copied for every draw, which is cheaper

    def number(self, *about: object) -> int:
        """A whole number from 0 to 2**48 - 1."""
        return self._drawn(about)

    def share(self, *about: object) -> float:
        """A number from 0 (inclusive) to 1 (exclusive)."""
        return self._drawn(about) / _WHOLE

    def between(self, least: int, most: int, *about: object) -> int:
        return least + self._drawn(about) % (most - least + 1)

    def pick(self, items: Sequence[ItemT], *about: object) -> ItemT:
        return items[self._drawn(about) % len(items)]

    def shuffled(self, items: Iterable[ItemT], *about: object) -> list[ItemT]:
        numbered = [(self._drawn((*about, n)), n, item) for n, item in enumerate(items)]
        numbered.sort(key=lambda entry: entry[:2])
        return [item for _, _, item in numbered]

    def _drawn(self, about: tuple[object, ...]) -> int:
        drawn = self._salted.copy()
        drawn.update("\0".join([str(word) for word in about]).encode())
        return int.from_bytes(drawn.digest(), "big")

    @staticmethod
    def deal(people: Iterable[int], counts: Sequence[tuple[NameT, int]]) -> dict[int, NameT]:
        """Give each name to `count` different people, in their order, while people last."""
        order = iter(people)
        dealt: dict[int, NameT] = {}
        for name, count in counts:
            dealt.update((person, name) for person in islice(order, count))
        return dealt
