"""A history is read whatever wrote the file, and what is wrong with it is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reminders.services.risk.errors import BadHistory
from reminders.services.risk.history import INPUTS, LABEL, read_history
from tests.unit.services.risk.generated import rows, written

FEW = rows(40)
ALL = (*INPUTS, LABEL)


def test_marks_line_ends_and_the_order_of_columns_do_not_matter(tmp_path: Path) -> None:
    plain = read_history(written(tmp_path / "plain.csv", FEW))
    turned = written(tmp_path / "turned.csv", FEW, tuple(reversed(ALL)))
    text = turned.read_text().replace("\n", "\r\n") + "\r\n"
    turned.write_bytes(b"\xef\xbb\xbf" + text.encode())
    other = read_history(turned)
    for name in ("limit", "statuses", "bills", "payments", "defaulted"):
        assert np.array_equal(getattr(plain, name), getattr(other, name)), name


def test_newest_month_first(tmp_path: Path) -> None:
    found = read_history(written(tmp_path / "rows.csv", FEW))
    assert found.statuses[3].tolist() == [FEW[3][f"PAY_{n}"] for n in (0, 2, 3, 4, 5, 6)]
    assert found.bills[3].tolist() == [FEW[3][f"BILL_AMT{n}"] for n in range(1, 7)]


def test_who_somebody_is_is_not_read(tmp_path: Path) -> None:
    """S1.6: a protected trait in the file changes nothing."""
    more = [{**row, "SEX": n % 2, "AGE": 20 + n} for n, row in enumerate(FEW)]
    path = written(tmp_path / "more.csv", more, ("SEX", *ALL, "AGE"))
    plain = read_history(written(tmp_path / "plain.csv", FEW))
    assert np.array_equal(read_history(path).bills, plain.bills)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", f"lacks the columns {INPUTS[0]}, "),
        (",".join(INPUTS), f"no column {LABEL}"),
        (",".join(ALL), "has no rows"),
        (",".join(ALL[1:]), "lacks the columns LIMIT_BAL"),
        (",".join((*ALL, "PAY_0")), "PAY_0 twice"),
        (",".join(ALL) + "\n\n1,2", "line 3: 2 columns are too few"),
        (",".join(ALL) + "\n" + ",".join("1" * 19) + ",2", f"line 2: {LABEL} cannot be '2'"),
        (",".join(ALL) + "\n" + ",".join("1" * 18) + ",nan,1", "PAY_AMT6 cannot be 'nan'"),
        (",".join(ALL) + "\n," + ",".join("1" * 19), "LIMIT_BAL cannot be ''"),
        (",".join(ALL) + "\n" + "1" * 200_000, "is not CSV"),
        ("\udcff", "is not UTF-8"),
    ],
)
def test_a_fault_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadHistory) as caught:
        read_history(path)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadHistory, match="No such file"):
        read_history(tmp_path / "none.csv")
