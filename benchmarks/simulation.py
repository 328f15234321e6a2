"""`python -m benchmarks.simulation`: decisions per second and core, and memory at two sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
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
    pairs: Annotated[int, typer.Option(min=0, help="Plain and compiled in turns, so often.")] = 0,
) -> None:
    """Run `reminders simulate` once per size, each in a process of its own."""
    runs = [
        _run(data, size, processes, policy, switch)
        for size in sizes.split(",")
        for switch in ("no", "yes") * pairs or ("yes",)
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
    table = Table(title=f"Simulation, {processes} process(es)")
    for name in (*FIGURES, *RATES, "compiled"):
        table.add_column(name, justify="right")
    for told in runs:
        figures = [f"{told[name]:,}" for name in (*FIGURES, *RATES)]
        table.add_row(*figures, "yes" if told["compiled"] else "no")
    Console().print(table)
    if pairs:
        rates = [told["decisions_per_cpu_s"] for told in runs]
        ratios = [after / before for before, after in zip(rates[::2], rates[1::2], strict=True)]
        typer.echo(
            f"compiled over plain: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _run(
    data: Path, size: str, processes: int, policy: str, switch: str
) -> dict[str, Any]:  # Any: JSON
    command = [sys.executable, "-m", "reminders.cli.main", "simulate", "--json"]
    command += ["--policy", policy, "--data", str(data), "--clients", size]
    command += ["--processes", str(processes)]
    done = subprocess.run(  # noqa: S603  (our own)
        command,
        env=os.environ | {"REMINDERS_COMPILED": switch},
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return {name: told[name] for name in (*FIGURES, *RATES, "hash", "compiled")}


if __name__ == "__main__":
    typer.run(main)
