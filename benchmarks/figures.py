"""The arithmetic of the benchmark: repeats in, medians and ratios out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypedDict


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run: how many things were done, in what time, on whose CPU (seconds).

    `others` is CPU of what is not ours: the simulated carrier.
    """

    count: int
    seconds: float
    cpu: Mapping[str, float]
    others: Mapping[str, float]

    @property
    def per_s(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of our CPU for each."""
        return sum(self.cpu.values()) * 1000 / self.count

    def ms_of(self, name: str) -> float:
        spent = self.cpu[name] if name in self.cpu else self.others[name]
        return spent * 1000 / self.count


class Spread(TypedDict):
    """Median and extremes over the repeats."""

    median: float
    min: float
    max: float


class Figures(TypedDict):
    """`build/bench.json`. Rates per second, CPU in milliseconds for each.

    `ratio` and `cpu_ratio` set reminders beside empty tasks: above 1 is more than a task.
    """

    complete_per_s: float
    noop_per_s: float
    ratio: float
    cpu_ms_per_reminder: float
    cpu_ms_per_noop: float
    cpu_ratio: float
    reminders: int
    noops: int
    repeats: int
    policy: str
    best_noop: dict[str, str]
    spread: dict[str, Spread]
    processes: dict[str, Spread]
    others: dict[str, Spread]
    noop_pools: dict[str, dict[str, Spread]]


def spread(values: Sequence[float]) -> Spread:
    return {"median": median(values), "min": min(values), "max": max(values)}


def figures(complete: Sequence[Run], noop: Mapping[str, Sequence[Run]], policy: str) -> Figures:
    """Everything that is told; `noop` maps each pool to its runs, in the order of the repeats.

    The best pool is the fastest for the rate and the cheapest for CPU, so that a reminder is set
    beside the hardest figure of each.
    """
    rates = {pool: [run.per_s for run in runs] for pool, runs in noop.items()}
    costs = {pool: [run.cpu_ms for run in runs] for pool, runs in noop.items()}
    fastest = max(rates, key=lambda pool: median(rates[pool]))
    cheapest = min(costs, key=lambda pool: median(costs[pool]))
    per_s = [run.per_s for run in complete]
    cost = [run.cpu_ms for run in complete]
    paired_rate = [mine / other for mine, other in zip(per_s, rates[fastest], strict=True)]
    paired_cpu = [mine / other for mine, other in zip(cost, costs[cheapest], strict=True)]
    return {
        "complete_per_s": median(per_s),
        "noop_per_s": median(rates[fastest]),
        "ratio": median(per_s) / median(rates[fastest]),
        "cpu_ms_per_reminder": median(cost),
        "cpu_ms_per_noop": median(costs[cheapest]),
        "cpu_ratio": median(cost) / median(costs[cheapest]),
        "reminders": complete[0].count,
        "noops": noop[fastest][0].count,
        "repeats": len(complete),
        "policy": policy,
        "best_noop": {"rate": fastest, "cpu": cheapest},
        "spread": {
            "complete_per_s": spread(per_s),
            "noop_per_s": spread(rates[fastest]),
            "ratio": spread(paired_rate),
            "cpu_ms_per_reminder": spread(cost),
            "cpu_ms_per_noop": spread(costs[cheapest]),
            "cpu_ratio": spread(paired_cpu),
        },
        "processes": _by_name(complete, complete[0].cpu),
        "others": _by_name(complete, complete[0].others),
        "noop_pools": {
            pool: {
                "per_s": spread(rates[pool]),
                "cpu_ms": spread(costs[pool]),
                **_by_name(runs, runs[0].cpu),
            }
            for pool, runs in noop.items()
        },
    }


def _by_name(runs: Sequence[Run], names: Mapping[str, float]) -> dict[str, Spread]:
    return {name: spread([run.ms_of(name) for run in runs]) for name in names}
