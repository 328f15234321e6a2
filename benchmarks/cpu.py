"""CPU time of processes and all that came of them, from the operating system's own books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Times:
    """One process's CPU seconds, and those of its children that have ended and were waited for."""

    own: float
    ended: float


def tree_seconds(times: Iterable[Times]) -> float:
    """CPU seconds of a process tree, each counted once, whether it lives or has ended.

    A process that ended is in its parent's books, so that a PostgreSQL backend or a worker's
    child which comes and goes between two looks is not lost.
    """
    return sum(each.own + each.ended for each in times)


def used(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds between two looks, by name. Ticks of 10 ms may make 0, never less."""
    return {name: max(0.0, after[name] - before[name]) for name in before}


def look(roots: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds so far of each tree, by name; `roots` maps names to process ids."""
    return {name: tree_seconds(_times(pid)) for name, pid in roots.items()}


def _times(root: int) -> list[Times]:
    process = psutil.Process(root)
    found = []
    for each in (process, *process.children(recursive=True)):
        try:
            spent = each.cpu_times()
        except psutil.NoSuchProcess:
            continue  # it has just ended, and is in its parent's books at the next look
        found.append(Times(spent.user + spent.system, spent.children_user + spent.children_system))
    return found
