"""Identifiers that carry their month and their customer, so that any id finds its own rows.

An id has 128 bits: 24 of month (the six digits of yyyymm), 60 of customer, 44 of what it names.
The database is partitioned by month and keyed by customer; with both inside the id, a receipt
that quotes nothing but an attempt id is still looked up by (customer, month, id).
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, partial
from hashlib import blake2b
from struct import Struct
from typing import Final
from uuid import UUID, SafeUUID

CUSTOMER_BITS = 60
NAME_BITS = 44
BUCKETS = 1024
# A UUID refuses writes but by its slots. Constants all: an id is made for each stage of a plan.
_blank: Final = partial(object.__new__, UUID)
_set_int: Final = UUID.__dict__["int"].__set__
_set_safe: Final = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown
_EMPTY = blake2b(digest_size=8)
_whole: Final = Struct(">Q").unpack
NOBODY = 0  # the customer of what names none: malformed events in the dead letters


def customer_id(ref: str) -> int:
    """The 60-bit number of a billing system's customer reference; the same on every machine.

    100 million customers meet a collision with probability 0.4 %; intake compares `ref` and
    refuses the second loudly.
    """
    digest = blake2b(ref.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 4) or 1


def bucket(customer: int) -> int:
    """The bucket (0..1023) by which claims and databases can be split."""
    return customer % BUCKETS


def month_of(day: date | datetime) -> int:
    """The partition month as yyyymm, of a date or of an instant in UTC."""
    return day.year * 100 + day.month


def make_id(month: int, customer: int, *name: object) -> UUID:
    """The id of the thing called `name` of this customer in this month; the same every time."""
    return id_of(month, customer, "\x1f".join([str(each) for each in name]))


def id_of(month: int, customer: int, name: str) -> UUID:
    """The same for a name whose parts are put together already, with \x1f between them."""
    hashed = _EMPTY.copy()  # cheaper than a new one
    hashed.update(name.encode("utf-8", "surrogatepass"))
    named: int = _whole(hashed.digest())[0] >> (64 - NAME_BITS)
    head = _digits(month)
    return _uuid((head << (CUSTOMER_BITS + NAME_BITS)) | (customer << NAME_BITS) | named)


def _uuid(number: int) -> UUID:
    """`UUID(int=number)` for a number of 128 bits, without looking for other arguments: a quarter
    of its cost, which a plan pays for each stage."""
    found: UUID = _blank()
    _set_int(found, number)
    _set_safe(found, _UNKNOWN)
    return found


@cache
def _digits(month: int) -> int:
    """The six digits of a month as 24 bits."""
    return int(str(month), 16)


def month_in(identifier: UUID) -> int:
    """The month inside an id. Raises `ValueError` if the digits are no month."""
    month = int(f"{identifier.int >> (CUSTOMER_BITS + NAME_BITS):x}")
    if not 1 <= month % 100 <= 12:
        raise ValueError(f"{identifier} is not one of our ids: it names no month")
    return month


def customer_in(identifier: UUID) -> int:
    """The customer inside an id."""
    return (identifier.int >> NAME_BITS) & ((1 << CUSTOMER_BITS) - 1)
