"""Whose fault a refusal is, and the outcome that follows: what error tables are written in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from reminders.domain.outcome import Outcome, Permanent, Transient, Uncertain


class Fault(StrEnum):
    ADDRESS = "address"  # it is no more, or never was
    CUSTOMER = "customer"  # they do not want it; the address lives
    OURS = "ours"  # our request or our template is wrong: another try would be too
    ACCOUNT = "account"  # credentials, balance, agreement: another provider need not share it
    BUSY = "busy"  # later, and surely not taken
    UNKNOWN = "unknown"  # it may or may not have been taken


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row: whose fault, and a short word for metrics and tables, without personal data."""

    fault: Fault
    reason: str

    def outcome(self, retry_after: timedelta | None = None) -> Outcome:
        """What it means to a message that was refused with it."""
        match self.fault:
            case Fault.ADDRESS:
                return Permanent(self.reason, dead_contact=True)
            case Fault.CUSTOMER | Fault.OURS:
                return Permanent(self.reason)
            case Fault.ACCOUNT | Fault.BUSY:
                return Transient(self.reason, retry_after)
            case Fault.UNKNOWN:
                return Uncertain(self.reason)
        assert_never(self.fault)
