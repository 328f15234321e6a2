"""Invented card clients, in the form of the history files: no person is behind them."""

from __future__ import annotations

from pathlib import Path
from random import Random

from reminders.services.risk.history import INPUTS, LABEL


def rows(count: int, seed: int = 7) -> list[dict[str, int]]:
    """Customers whose lateness, payments and limit tell something of who defaults."""
    draw = Random(seed)  # noqa: S311  (invented rows, no secret)
    return [_row(draw) for _ in range(count)]


def _row(draw: Random) -> dict[str, int]:
    strain = draw.random()
    limit = 10_000 * draw.randint(1, 50)
    row = {"LIMIT_BAL": limit}
    for name in ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"):
        late = draw.random() < strain**2
        row[name] = draw.choice((2, 2, 3)) if late else draw.choice((-2, -1, 0, 0, 0))
    for month in range(1, 7):
        bill = int(limit * strain * draw.uniform(-0.02, 1.1))
        row[f"BILL_AMT{month}"] = bill
        row[f"PAY_AMT{month}"] = max(0, int(bill * draw.random() ** (1 + 3 * strain)))
    row[LABEL] = int(draw.random() < 0.05 + 0.6 * strain**3)
    return row


def written(
    path: Path, given: list[dict[str, int]], columns: tuple[str, ...] | None = None
) -> Path:
    """A history file of these rows."""
    names = columns or (*INPUTS, LABEL)
    lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in given)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
