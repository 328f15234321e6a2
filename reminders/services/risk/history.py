"""History files: what was billed, paid and late of many customers, and who defaulted then.

The form is that of UCI data set 350, default of credit card clients: six months, the newest first.
Columns beyond those named here, such as sex or age, are not read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reminders.services.risk.errors import BadHistory

LIMIT = "LIMIT_BAL"
STATUSES = ("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6")
BILLS = tuple(f"BILL_AMT{n}" for n in range(1, 7))
PAYMENTS = tuple(f"PAY_AMT{n}" for n in range(1, 7))
LABEL = "default_next_month"
INPUTS = (LIMIT, *STATUSES, *BILLS, *PAYMENTS)

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class History:
    """Columns of `rows` customers, newest month first: (rows, 6), amounts in major units."""

    limit: Numbers
    statuses: Numbers
    bills: Numbers
    payments: Numbers
    defaulted: Mask

    @property
    def rows(self) -> int:
        return len(self.defaulted)


def read_history(path: Path) -> History:
    """The rows of a file. Raises `BadHistory` with the columns or the line at fault."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _history(path, csv.reader(file))
    except OSError as error:
        raise BadHistory(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadHistory(f"{path} is not UTF-8 text") from None
    except csv.Error as error:
        raise BadHistory(f"{path} is not CSV: {error}") from None


def _history(path: Path, lines: Iterator[list[str]]) -> History:
    header = [name.strip() for name in next(lines, [])]
    places = _places(path, header)
    rows = [_row(path, number, line, places) for number, line in _numbered(lines)]
    if not rows:
        raise BadHistory(f"{path} has no rows")
    table = np.array(rows, dtype=np.float64)
    return History(
        limit=table[:, 0],
        statuses=table[:, 1:7],
        bills=table[:, 7:13],
        payments=table[:, 13:19],
        defaulted=table[:, 19] == 1,
    )


def _places(path: Path, header: Sequence[str]) -> list[int]:
    wanted = (*INPUTS, LABEL)
    absent = [name for name in wanted if name not in header]
    if absent == [LABEL]:
        raise BadHistory(f"{path} has no column {LABEL}: without what happened, nothing is judged")
    if absent:
        raise BadHistory(f"{path} lacks the columns {', '.join(absent)}")
    for name in wanted:
        if header.count(name) > 1:
            raise BadHistory(f"{path} has the column {name} twice")
    return [header.index(name) for name in wanted]


def _numbered(lines: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Lines with something on them, and where they stand in the file."""
    for number, line in enumerate(lines, start=2):
        if any(line):
            yield number, line


def _row(path: Path, number: int, line: Sequence[str], places: Sequence[int]) -> list[float]:
    if len(line) <= max(places):
        raise BadHistory(f"{path}, line {number}: {len(line)} columns are too few")
    row = []
    for name, place in zip((*INPUTS, LABEL), places, strict=True):
        try:
            value = float(line[place])
        except ValueError:
            value = float("nan")
        if not isfinite(value) or (name == LABEL and value not in {0, 1}):
            raise BadHistory(f"{path}, line {number}: {name} cannot be {line[place][:20]!r}")
        row.append(value)
    return row
