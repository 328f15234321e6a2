"""A table on a narrow terminal loses nothing."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from reminders.cli.tables import Rows

ID = "202611fe-f28c-450e-b210-7e4ce81b036a"
LABEL = "a-policy-with-a-name-that-is-long@17"


def shown(width: int, rows: Rows) -> list[str]:
    Console(file=(into := StringIO()), width=width).print(rows)
    return into.getvalue().splitlines()


def tasks() -> Rows:
    rows = Rows("due (UTC)", "kind", "customer", "bill", "owner", "id", ids=True)
    rows.add_row("2026-11-22 10:00 late", "message_refused", "C-000001", "B-2026-03", "-", ID)
    rows.add_row("2026-11-23 10:00", "unreachable", "C-000002", "B-2026-04", "li.wei", ID)
    return rows


def test_an_id_is_in_one_piece_at_eighty_columns() -> None:
    told = shown(80, tasks())
    assert max(map(len, told)) <= 80
    assert sum(ID in line for line in told) == 2
    assert "2026-11-22 10:00 late" in "\n".join(told)
    assert "…" not in "\n".join(told)


def test_a_row_is_a_line_where_there_is_room() -> None:
    header, first, _ = shown(200, tasks())
    assert header.split() == ["due", "(UTC)", "kind", "customer", "bill", "owner", "id"]
    assert first.rstrip().endswith(ID)


def test_what_has_no_room_goes_on_below_itself() -> None:
    rows = Rows("policy", "why")
    rows.add_row(LABEL, "the first policy of this ledger")
    told = shown(40, rows)
    column = told[0].index("why")
    assert "".join(line[:column].strip() for line in told[1:]) == LABEL
