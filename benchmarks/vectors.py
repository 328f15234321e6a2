"""`python -m benchmarks.vectors FOLDER`: outside vectors against this code, as a table and JSON."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from benchmarks.vector_judging import UNFIT, Score, unfit
from benchmarks.vector_sets import SETS, files_of

NAMED = 20  # wrong vectors that are named


@dataclass(frozen=True, slots=True)
class Row:
    """One set: its score, or why it has none. `broken`: it is there and cannot be judged."""

    name: str
    score: Score | None
    why: str = ""
    broken: bool = False


def measure(folder: Path, name: str) -> Row:
    """One set of a folder."""
    file, judge = SETS[name]
    found = files_of(folder, name)
    if not found:
        return Row(name, None, f"{file} is not there")
    if len(found) > 1:
        named = ", ".join(str(each.relative_to(folder)) for each in found)
        return Row(name, None, f"one file is wanted, there are {named}", broken=True)
    try:
        return Row(name, judge(found[0]))
    except ImportError as error:
        return Row(name, None, f"there is no {error.name}", broken=True)
    except UNFIT as error:
        file = str(found[0].relative_to(folder))
        return Row(name, None, f"{file} has {unfit(error)}", broken=True)


def main(
    data: Annotated[Path, typer.Argument(help="The folder that holds the vectors.")],
    out: Annotated[Path, typer.Option()] = Path("build/vectors.json"),
) -> None:
    """Judge every set of a folder; exit 1 if a vector is wrong or a set cannot be judged, 2 if
    there is no such folder or no set in it."""
    if not data.is_dir():
        _refuse(f"{data} is no folder: give the one that holds the vectors")
    if not any(files_of(data, name) for name in SETS):
        _refuse(f"{data} holds none of {', '.join(file for file, _ in SETS.values())}")
    rows = [measure(data, name) for name in track(SETS, console=Console(stderr=True))]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(_figures(rows), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        _refuse(f"{out} cannot be written: {error.strerror}")
    Console().print(_table(rows))
    if any(row.broken or (row.score is not None and not good(row)) for row in rows):
        raise typer.Exit(1)


def _refuse(why: str) -> None:
    Console(stderr=True, soft_wrap=True).print(why, markup=False, highlight=False)
    raise typer.Exit(2)


def good(row: Row) -> bool:
    """Every vector right; of the bounces, on whose words men differ, 95 % and 0.90 balanced."""
    if row.score is None:
        return False
    if "balanced_accuracy" in row.score.more:
        return row.score.more["accuracy"] >= 0.95 and row.score.more["balanced_accuracy"] >= 0.9
    return row.score.right == row.score.of


def _figures(rows: list[Row]) -> dict[str, dict[str, Any]]:  # Any: JSON
    return {
        row.name: {"right": 0, "of": 0, "absent": row.why}
        if row.score is None
        else {
            "right": row.score.right,
            "of": row.score.of,
            **row.score.more,
            "wrong": list(row.score.wrong[:NAMED]),
        }
        for row in rows
    }


def _table(rows: list[Row]) -> Table:
    table = Table(title="Outside vectors")
    for name in ("set", "right", "of", ""):
        table.add_column(name, justify="left" if name in ("set", "") else "right")
    for row in rows:
        if row.score is None:
            table.add_row(row.name, "", "", escape(row.why))
            continue
        more = ", ".join(f"{name} {value:g}" for name, value in row.score.more.items())
        wrong = f"wrong: {'; '.join(row.score.wrong[:3])}" if row.score.wrong else ""
        told = "; ".join(part for part in (more.replace("_", " "), wrong) if part)
        table.add_row(row.name, str(row.score.right), str(row.score.of), escape(told))
    return table


if __name__ == "__main__":
    # What an adapter logs of a sample that blames its request is no news here.
    logging.getLogger("channels").addHandler(logging.NullHandler())
    typer.run(main)
