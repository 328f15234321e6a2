"""The commands of `reminders`, each imported when it is called."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from reminders.cli.lazy import Lazy, group

# Each with the first line of its own help: a test compares them.
COMMANDS: Mapping[str, Lazy] = {
    "up": Lazy(
        "reminders.cli.system",
        "up",
        "Run the whole system for development until Ctrl-C, `reminders down` or SIGTERM.",
    ),
    "status": Lazy(
        "reminders.cli.system",
        "status",
        "Say what is up, how far behind it is, and since when the oldest due reminder is unsent.",
    ),
    "down": Lazy(
        "reminders.cli.system",
        "down",
        "Stop the system that runs in the folder, and wait until it is gone.",
    ),
    "publish": Lazy(
        "reminders.cli.publish",
        "publish",
        "Publish events from FILE."
        " Exit code 2 if one of them is invalid; the others are published.",
    ),
    "intake": Lazy(
        "reminders.cli.intake",
        "intake",
        "Take events and receipts in, until SIGTERM or Ctrl-C. Run as many as you like.",
    ),
    "listen": Lazy(
        "reminders.cli.listen",
        "listen",
        "Listen to providers that speak over our own connections (SMPP, mailboxes), until SIGTERM.",
    ),
    "retry": Lazy(
        "reminders.cli.retry",
        "retry",
        "Try now what was refused and waits for its next try;"
        " ask now for answers that are missing.",
    ),
    "timeline": Lazy(
        "reminders.cli.stories",
        "timeline",
        "Tell the story of BILL, oldest first, in the customer's local time.",
        plain=True,
    ),
    "explain": Lazy(
        "reminders.cli.stories",
        "explain",
        "Explain what was decided about BILL: each check, what it saw, and the one that decided.",
        plain=True,
    ),
    "inbox-token": Lazy(
        "reminders.cli.inbox_pass",
        "inbox_token",
        "Print a bearer token for GET /v1/inbox/CUSTOMER; it opens no other inbox.",
    ),
    "demo": Lazy(
        "reminders.cli.demo",
        "demo",
        "Play six months against simulated carriers, and let an auditor judge every message.",
    ),
    "simulate": Lazy(
        "reminders.cli.simulate",
        "simulate",
        "Play a policy over past events, in memory and in virtual time; nothing is sent.",
        compiled=True,
    ),
    "dead": Lazy(
        "reminders.cli.dead",
        "app",
        "Events and receipts that were refused: look at them, put them in again, close them.",
    ),
    "incident": Lazy(
        "reminders.cli.incident",
        "app",
        "Channels that are down: declare it, end it, see whom it touched.",
    ),
    "task": Lazy(
        "reminders.cli.task",
        "app",
        "What is left to people: look, take, say it is done.",
    ),
    "uncertain": Lazy(
        "reminders.cli.uncertain",
        "app",
        "Messages that nobody answered for, and those that arrived after the next channel.",
    ),
    "unreachable": Lazy(
        "reminders.cli.unreachable",
        "app",
        "Bills soon due or overdue whose customers no contact point reaches.",
    ),
    "messages": Lazy(
        "reminders.cli.messages",
        "app",
        "What messages say: look, check, preview, have it approved.",
    ),
    "preference": Lazy(
        "reminders.cli.preference",
        "app",
        "What a customer wants to hear by which channel, and changes that wait for a person.",
    ),
    "risk": Lazy(
        "reminders.cli.risk",
        "app",
        "Fit a points card to history, and judge cards by it.",
    ),
    "tier": Lazy(
        "reminders.cli.tier",
        "app",
        "The risk tier of a customer, in points.",
    ),
    "db": Lazy(
        "reminders.cli.database",
        "app",
        "The database's migrations and partitions.",
    ),
    "policy": Lazy(
        "reminders.cli.policy",
        "app",
        "Policies: look, check, compare, activate, take back.",
    ),
}
app = typer.Typer(
    cls=group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tells every customer about every bill, and never after they have paid.",
)


@app.callback()
def reminders() -> None:
    """Keeps the commands of the table in a group."""
