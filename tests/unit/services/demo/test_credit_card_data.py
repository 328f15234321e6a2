"""A file of card customers that is none is refused in a line, with the place at fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from reminders.services.demo.credit_card_data import read_rows
from reminders.services.demo.errors import BadData

NAMES = [
    "ID",
    *("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"),
    *(f"{what}_AMT{month}" for what in ("BILL", "PAY") for month in range(1, 7)),
]


def file_with(folder: Path, last: str) -> Path:
    """One customer, whose last cell says this."""
    path = folder / "cards.csv"
    path.write_text(",".join(NAMES) + "\n" + "1," + "0," * 17 + last + "\n", encoding="utf-8")
    return path


def test_amounts_are_read_as_they_are_written(tmp_path: Path) -> None:
    for cell in ("7", "7.0"):
        (row,) = read_rows(file_with(tmp_path, cell), None)
        assert row.payments == (7, 0, 0, 0, 0, 0)  # the file counts back


@pytest.mark.parametrize("cell", ["", "1.5", "ten", "nan", "inf"])
def test_what_is_no_whole_amount_is_refused_with_its_line(tmp_path: Path, cell: str) -> None:
    with pytest.raises(BadData, match="line 2 is not one of"):
        read_rows(file_with(tmp_path, cell), None)


def test_what_is_no_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="is not CSV: field larger than"):
        read_rows(file_with(tmp_path, "9" * 200_000), None)
