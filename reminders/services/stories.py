"""The stories of a bill as documents: the same from a command, from the console, for a program."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from reminders.services import explain_json, timeline_json
from reminders.services.as_of import as_of
from reminders.services.bill_history import BillHistory, Reading, load
from reminders.services.customer_explain import letter
from reminders.services.explain import explain

Json = dict[str, Any]  # Any: JSON


class Teller(Reading, Protocol):
    """What stories are told with: an open ledger, or the whole of a process's resources."""

    @property
    def lender(self) -> str: ...


def timelines(teller: Teller, bill: str, customer: str = "") -> list[Json]:
    """What happened and what is ahead: one document for each customer with such a bill.

    Raises `LedgerError` if nobody has one.
    """
    return [timeline_json.as_json(each) for each in load(teller, bill, customer)]


def explanations(
    teller: Teller, bill: str, customer: str = "", stage: str = "", at: datetime | None = None
) -> list[Json]:
    """Why it was decided so, of every stage or of one, as things stand or as they stood.

    Raises `LedgerError` as above, and `PolicyError` for a stage that the bill has not.
    """
    found = histories(teller, bill, customer, at)
    return [explain_json.as_json(each, explain(each, stage)) for each in found]


def letters(
    teller: Teller,
    bill: str,
    customer: str = "",
    stage: str = "",
    at: datetime | None = None,
    language: str = "",
) -> list[Json]:
    """The same in words for the customer; in their own language unless one is named.

    Raises as `explanations`, and `PolicyError` for a language that has no words.
    """
    found = histories(teller, bill, customer, at)
    return [letter(each, teller.lender, stage, language).as_json() for each in found]


def histories(
    teller: Teller, bill: str, customer: str = "", at: datetime | None = None
) -> list[BillHistory]:
    """What is known of the bill, up to `at` where it is given. Raises as `timelines`."""
    found = load(teller, bill, customer)
    return found if at is None else [as_of(each, at) for each in found]
