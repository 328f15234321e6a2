"""Reads credit-card-clients.csv: UCI data set 350, default of credit card clients (CC BY 4.0)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from reminders.services.demo.card_rows import CardRow
from reminders.services.demo.errors import BadData
from reminders.services.demo.lives import portfolio_of
from reminders.services.demo.more_channels import Receivers
from reminders.services.demo.portfolio import Portfolio

# April back to front: the file counts back from September.
_STATUSES = ("PAY_6", "PAY_5", "PAY_4", "PAY_3", "PAY_2", "PAY_0")
_BILLS = tuple(f"BILL_AMT{n}" for n in range(6, 0, -1))
_PAYMENTS = tuple(f"PAY_AMT{n}" for n in range(6, 0, -1))


def each_row(path: Path, clients: int | None) -> Iterator[CardRow]:
    """The first `clients` rows (None: all). Raises `BadData` with the line at fault."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = filter(None, csv.reader(file))  # `DictReader` costs as much as all the rest
            places = {name: place for place, name in enumerate(next(lines, ()))}
            for n, line in enumerate(islice(lines, clients), 2):
                yield _row(line, places, n)
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadData(f"{path} is not UTF-8") from error
    except csv.Error as error:
        raise BadData(f"{path} is not CSV: {error}") from error


def read_rows(path: Path, clients: int | None) -> list[CardRow]:
    """The same rows, all at once."""
    return list(each_row(path, clients))


def _row(line: Sequence[str], places: Mapping[str, int], number: int) -> CardRow:
    """`places`: where each column is."""
    try:
        return CardRow(
            client=int(line[places["ID"]]),
            statuses=tuple([int(line[places[name]]) for name in _STATUSES]),
            bills=tuple([_whole(line[places[name]]) for name in _BILLS]),
            payments=tuple([_whole(line[places[name]]) for name in _PAYMENTS]),
        )
    except (LookupError, ValueError, OverflowError) as error:
        raise BadData(f"line {number} is not one of credit-card-clients.csv: {error}") from error


def _whole(text: str) -> int:
    if text.isdecimal():
        return int(text)
    value = float(text)
    if value != int(value):
        raise ValueError(f"{text} is not a whole amount")
    return int(value)


def from_credit_card_data(
    path: Path, clients: int | None, seed: int, receivers: Receivers | None = None
) -> Portfolio:
    """The first `clients` rows of the file as its README maps them, with invented people."""
    return portfolio_of(path.name, read_rows(path, clients), seed, receivers=receivers)
