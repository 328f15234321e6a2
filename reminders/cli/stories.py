"""`reminders explain` and `timeline` for whoever asks for help or mistypes.

A plain command line is read by `reminders.cli.plain` instead, without the library for the others.
"""

from __future__ import annotations

from typing import Annotated

import typer

from reminders.cli import explain as explaining
from reminders.cli import timeline as telling
from reminders.cli.options import AsJson, Data
from reminders.cli.running import DATA

Bill = Annotated[str, typer.Argument(metavar="BILL", help="The bill's id, as billing gave it.")]
Customer = Annotated[str, typer.Option(help="Only this customer's, where several have that id.")]
OfStage = Annotated[str, typer.Option("--stage", help="Only this stage, such as d-3.")]
At = Annotated[
    str, typer.Option(help="As things stood at this instant, such as 2026-03-20T10:00:00Z.")
]
Verify = Annotated[bool, typer.Option("--verify", help="Replay every decision from its inputs.")]
ForCustomer = Annotated[bool, typer.Option("--for-customer", help="In words for the customer.")]
Language = Annotated[
    str, typer.Option(help="Of the words for the customer: zh-CN, zh-TW, en; else their own.")
]


def explain(
    bill: Bill,
    stage: OfStage = "",
    at: At = "",
    customer: Customer = "",
    verify: Verify = False,
    for_customer: ForCustomer = False,
    language: Language = "",
    as_json: AsJson = False,
    data: Data = DATA,
) -> None:
    """Explain what was decided about BILL: each check, what it saw, and the one that decided.

    Also its citation, what would have happened but for it, the versions of policy and packs, the
    tier with the points that add up to it, and what happens next as things stand.
    """
    explaining.explain(bill, stage, at, customer, verify, for_customer, language, as_json, data)


def timeline(
    bill: Bill, customer: Customer = "", as_json: AsJson = False, data: Data = DATA
) -> None:
    """Tell the story of BILL, oldest first, in the customer's local time.

    What billing said, what was planned, what was sent and heard, how each reminder ended and
    what is still ahead. Addresses are masked.
    """
    telling.timeline(bill, customer, as_json, data)
