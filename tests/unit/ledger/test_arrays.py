"""Lists as PostgreSQL array literals."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from reminders.ledger.arrays import literal

_NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
_LATER = datetime(2026, 2, 28, 12, 0, 1, tzinfo=UTC)


class _Word(StrEnum):
    OPEN = "open"


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([], "{}"),
        ([1, -2], "{1,-2}"),
        ([None, None], "{NULL,NULL}"),
        ([None, 3], "{NULL,3}"),
        ([True, False], "{t,f}"),
        ([1e15, -0.1, 5e-324], "{1000000000000000.0,-0.1,5e-324}"),
        (
            [UUID(int=10), UUID(int=1)],
            "{0000000000000000000000000000000a,00000000000000000000000000000001}",
        ),
        ([None, UUID(int=10)], "{NULL,0000000000000000000000000000000a}"),
        ([b"\x00\xff"], '{"\\\\x00ff"}'),
        ([date(2026, 2, 28)], "{2026-02-28}"),
        ([datetime(9999, 12, 31, 23, 59, tzinfo=UTC)], "{9999-12-31T23:59:00+00:00}"),
        ([_NOON, _NOON], "{2026-02-28T12:00:00+00:00,2026-02-28T12:00:00+00:00}"),
        ([_NOON, _LATER], "{2026-02-28T12:00:00+00:00,2026-02-28T12:00:01+00:00}"),
        ([_NOON, None], "{2026-02-28T12:00:00+00:00,NULL}"),
        (["", "NULL", None], '{"","NULL",NULL}'),
        (["a", "b,c", ""], '{"a","b,c",""}'),
        (['"', "a"], '{"\\"","a"}'),
        (["a", "\\"], '{"a","\\\\"}'),
        (['a"b\\c,{d}\n'], '{"a\\"b\\\\c,{d}\n"}'),
        ([_Word.OPEN, _Word.OPEN], '{"open","open"}'),
        ([_Word.OPEN, "plain"], '{"open","plain"}'),
    ],
)
def test_each_type_is_written_as_postgresql_reads_it(values: list[Any], written: str) -> None:
    assert literal(values) == written


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="no array of complex"):
        literal([1j])
