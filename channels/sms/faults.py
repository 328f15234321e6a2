"""What SMS providers' error codes come to: the kinds of fault, and the outcome of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar, assert_never

from reminders.domain.outcome import Outcome, Permanent, Transient, Uncertain

# A reason is a label of metrics and tables: nothing else that a provider writes becomes one.
_WORD: Final = re.compile(r"[a-z0-9_.:-]{1,64}")

Code = TypeVar("Code", str, int)


class Kind(StrEnum):
    """What a refused call means; a receipt reads `reason` and `dead_contact` alone."""

    LATER = "later"  # surely not taken, may be taken later
    ACCOUNT = "account"  # surely not taken, and our account or its settings are at fault
    NEVER = "never"  # refused for good
    UNKNOWN = "unknown"  # the provider failed in the middle: it may have been taken


@dataclass(frozen=True, slots=True)
class Fault:
    """`about_number`: it is one number's fault, so the others of its batch did nothing wrong."""

    kind: Kind
    reason: str
    dead_contact: bool = False
    about_number: bool = False


def rows(
    kind: Kind, reason: str, *codes: Code, dead: bool = False, number: bool = False
) -> Iterator[tuple[Code, Fault]]:
    """Table rows of codes that mean the same. A dead number is always about that number."""
    return ((code, Fault(kind, reason, dead, dead or number)) for code in codes)


def outcome_of(fault: Fault, retry_after: timedelta | None = None) -> Outcome:
    """The outcome of a refused call."""
    match fault.kind:
        case Kind.LATER | Kind.ACCOUNT:
            return Transient(fault.reason, retry_after)
        case Kind.NEVER:
            return Permanent(fault.reason, fault.dead_contact)
        case Kind.UNKNOWN:
            return Uncertain(fault.reason)
        case _:
            assert_never(fault.kind)


def stranger(status: int, provider: str) -> Fault:
    """Who answered is not the API, since the answer is not of its form: a proxy, or the API's own
    gateway in trouble."""
    if status == 429:
        return Fault(Kind.LATER, "rate_limited")
    if status in (401, 403):
        return Fault(Kind.ACCOUNT, "account")
    if 400 <= status < 500:
        return Fault(Kind.NEVER, "refused")
    return Fault(Kind.UNKNOWN, f"{provider} {status}")


def word_of(code: str, otherwise: str) -> str:
    """A provider's code as a reason, where it can be one."""
    word = code.lower()
    return word if _WORD.fullmatch(word) else otherwise
