"""`python -m benchmarks.simulation`: decisions per second and core, and memory at two sizes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

FIGURES = ("customers", "bills", "decisions", "messages", "seconds", "cpu_s", "peak_memory_mb")
RATES = ("decisions_per_s", "decisions_per_cpu_s")


def main(
    data: Annotated[Path, typer.Option(help="credit-card-clients.csv.")],
    sizes: Annotated[str, typer.Option(help="Customers of each run.")] = "1000,4000",
    processes: Annotated[int, typer.Option(min=1)] = 1,
    policy: Annotated[str, typer.Option()] = "default",
    out: Annotated[Path, typer.Option()] = Path("build/simulation-bench.json"),
) -> None:
    """Run `reminders simulate` once per size, each in a process of its own."""
    runs = [_run(data, size, processes, policy) for size in sizes.split(",")]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
    table = Table(title=f"Simulation, {processes} process(es)")
    for name in (*FIGURES, *RATES):
        table.add_column(name, justify="right")
    for told in runs:
        table.add_row(*(f"{told[name]:,}" for name in (*FIGURES, *RATES)))
    Console().print(table)


def _run(data: Path, size: str, processes: int, policy: str) -> dict[str, Any]:  # Any: JSON
    command = [sys.executable, "-m", "reminders.cli.main", "simulate", "--json"]
    command += ["--policy", policy, "--data", str(data), "--clients", size]
    command += ["--processes", str(processes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603  (our own)
    told: dict[str, Any] = json.loads(done.stdout)
    return {name: told[name] for name in (*FIGURES, *RATES, "hash")}


if __name__ == "__main__":
    typer.run(main)
