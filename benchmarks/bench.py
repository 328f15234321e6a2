"""`python -m benchmarks.bench`: complete reminders beside empty Celery tasks, in one run."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.bills import business_now
from benchmarks.figures import Figures, Run, Spread, figures
from benchmarks.noop import POOLS
from benchmarks.system import Bench, bench_system
from reminders.services import policy_files

WARM_UP = 300  # things done before the clock runs, so that no run pays for imports
console = Console()


def main(
    reminders: Annotated[int, typer.Option(min=1, help="Reminders in each repeat.")] = 4000,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats; medians are told.")] = 5,
    noops: Annotated[int, typer.Option(min=0, help="Empty tasks; 0: a quarter.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("build/bench.json"),
) -> None:
    """Measure complete reminders and empty Celery tasks by turns; CPU decides."""
    count = noops or max(WARM_UP, reminders // 4)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        now = business_now(datetime.now(UTC))
        with bench_system(Path(folder) / "system", now) as bench:
            policy, _ = policy_files.read(bench.settings.policy_file)
            told = figures(*_measure(bench, reminders, count, repeats), policy.label)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    console.print(_table(told))
    console.print(_processes(told))


def _measure(
    bench: Bench, reminders: int, noops: int, repeats: int
) -> tuple[list[Run], dict[str, list[Run]]]:
    """A B A B …: each repeat does its reminders, then the empty tasks of each pool."""
    complete: list[Run] = []
    empty: dict[str, list[Run]] = {pool: [] for pool in POOLS}
    with _bar() as bar:
        task = bar.add_task("warm-up", total=(1 + len(POOLS)) * (repeats + 1))
        for repeat in range(repeats + 1):
            warm_up = repeat == 0
            label = "warm-up" if warm_up else f"repeat {repeat}"
            bar.update(task, description=f"{label}: reminders")
            run = bench.complete.run(f"r{repeat}", WARM_UP if warm_up else reminders)
            bar.advance(task)
            if not warm_up:
                complete.append(run)
            for pool, runner in bench.noops.items():
                bar.update(task, description=f"{label}: empty tasks, {pool}")
                done = runner.run(WARM_UP if warm_up else noops)
                bar.advance(task)
                if not warm_up:
                    empty[pool].append(done)
    return complete, empty


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<36}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )


def _table(told: Figures) -> Table:
    best = told["best_noop"]
    table = Table(
        title=f"{told['reminders']} complete reminders beside {told['noops']} empty Celery tasks,"
        f" medians of {told['repeats']}",
    )
    for column in ("", "reminder", "empty task", "ratio", "ratio, least to most"):
        table.add_column(column, justify="right" if column else "left")
    spread = told["spread"]
    table.add_row(
        f"per second (best: {best['rate']})",
        f"{told['complete_per_s']:.0f}",
        f"{told['noop_per_s']:.0f}",
        f"{told['ratio']:.2f}",
        _extremes(spread["ratio"]),
    )
    table.add_row(
        f"CPU ms each (best: {best['cpu']})",
        f"{told['cpu_ms_per_reminder']:.3f}",
        f"{told['cpu_ms_per_noop']:.3f}",
        f"{told['cpu_ratio']:.3f}",
        _extremes(spread["cpu_ratio"]),
    )
    return table


def _processes(told: Figures) -> Table:
    table = Table(title="CPU ms for each, by process and its children")
    for column in ("", "median", "least", "most"):
        table.add_column(column, justify="right" if column else "left")
    parts = [(name, each) for name, each in told["processes"].items()]
    parts += [(f"({name}, not ours)", each) for name, each in told["others"].items()]
    for pool, of in told["noop_pools"].items():
        parts += [(f"empty task, {pool}: {name}", of[name]) for name in ("worker", "redis")]
    for name, each in parts:
        table.add_row(name, *(f"{each[what]:.3f}" for what in ("median", "min", "max")))
    return table


def _extremes(each: Spread) -> str:
    return f"{each['min']:.3f} to {each['max']:.3f}"


if __name__ == "__main__":
    typer.run(main)
