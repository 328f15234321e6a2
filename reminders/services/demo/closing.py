"""The demo's closing table, in words a lender uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.padding import Padding
from rich.table import Table

from reminders.services.demo.summary import Summary
from reminders.services.wording import reason_words

_CHECKS = {
    "lost": "bills nobody heard of although a channel was open",
    "duplicate_sends": "messages that reached somebody twice",
    "sent_after_payment": "messages sent after the payment was known",
    "crossed_payment": "payments that crossed a message under way (no fault)",
    "outside_hours": "messages outside allowed hours there",
    "opted_out_sends": "messages against an opt-out, unless law orders them",
    "over_cap_sends": "messages beyond a cap of policy or law",
    "stale_contact_sends": "messages to numbers not confirmed lately",
    "wrong_amount": "messages with a wrong amount",
    "sent_on_hold": "messages during a dispute or another hold",
    "unaccounted_reminders": "reminders in no state at all",
}
_ENDS = {
    "satisfied": "confirmed by the channel",
    "cancelled": "cancelled",
    "suppressed": "suppressed",
    "exhausted": "no channel was left",
    "expired": "past use before it could be confirmed",
    "open": "still open",
}
_CHANNELS = {
    "sms": "SMS",
    "email": "e-mail",
    "in_app": "in-app",
    "voice": "phone call",
    "wechat": "WeChat",
    "whatsapp": "WhatsApp",
    "apprise": "Apprise",
    "human_task": "a person",
}


def closing_table(told: Summary) -> Table:
    """What went in, what went out, and what the auditor says of it."""
    table = Table(title=f"Bill reminders: {told['source']}", show_header=False, title_style="bold")
    table.add_column("what", no_wrap=False)
    table.add_column("count", justify="right")
    for title, rows in (
        ("In", _in(told)),
        ("Reminders", _reminders(told)),
        ("Judgement", _judgement(told)),
        ("Out", _out(told)),
        ("Audit, from published events and carriers' logs", _audit(told)),
        ("Time", _time(told)),
    ):
        table.add_row(f"[bold]{title}[/bold]", "")
        for what, count in rows:
            text = what.lstrip()
            # What a narrow terminal wraps stays below its own beginning.
            table.add_row(Padding(text, (0, 0, 0, 2 + len(what) - len(text))), count)
        table.add_section()
    return table


def _in(told: Summary) -> list[tuple[str, str]]:
    events, amounts, extra = told["events"], told["amounts"], told["extra"]
    return [
        ("customers", _number(told["customers"])),
        ("  " + " / ".join(told["jurisdictions"]), _row(told["jurisdictions"])),
        (f"bills{_abroad(amounts)}", f"{_number(told['bills'])}, {_money(amounts, 'bills_minor')}"),
        ("payments", f"{_number(told['payments'])}, {_money(amounts, 'payments_minor')}"),
        (
            "added instalments and their payments",
            f"{_number(extra['bills'])} and {_number(extra['payments'])}",
        ),
        ("events published", _number(events["published"])),
        ("  taken in", _number(events["ingested"])),
        ("  refused: the same again", _number(events["duplicates"])),
        ("  refused: same id, other content", _number(events["conflicts"])),
        ("  kept aside: broken", _number(events["dead"])),
    ]


def _reminders(told: Summary) -> list[tuple[str, str]]:
    reminders = told["reminders"]
    rows = [("planned", _number(reminders["planned"]))]
    for name, text in _ENDS.items():
        rows.append((f"  {text}", _number(reminders[name])))
        rows += [
            (f"    {reason_words(reason)}", _number(count))
            for reason, count in _most(told.get(f"{name}_by", {}))
        ]
    return rows


def _judgement(told: Summary) -> list[tuple[str, str]]:
    """Tiers, and what held messages back."""
    rows = [
        (f"customers by tier, {' / '.join(told['tiers'])}", _row(told["tiers"])),
        (f"messages by tier, {' / '.join(told['tiers'])}", _row(told["messages_by_tier"])),
        ("put off to an allowed hour", _number(told["hours_deferred"])),
    ]
    rows += [
        (f"put off: {reason_words(reason)}", _number(count))
        for reason, count in _most(told["decisions"].get("defer", {}))
        if reason not in ("quiet_hours", "not_yet_due")
    ]
    rows += [
        (f"flagged when planned: {reason_words(flag)}", _number(count))
        for flag, count in _most(told["flagged"])
    ]
    if told["caps_hit"]:
        rows.append(("caps hit: put off / dropped / other channel / other", ""))
    rows += [(f"  {cap}", _row(became)) for cap, became in told["caps_hit"].items()]
    return rows


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _row(counts: Mapping[str, int]) -> str:
    return " / ".join(_number(count) for count in counts.values())


def _out(told: Summary) -> list[tuple[str, str]]:
    rows = []
    for channel, count in told["attempts"].items():
        rows.append((f"attempts by {_CHANNELS.get(channel, channel)}", _number(count)))
        carried = told["providers"].get(channel, {})
        if len(carried) > 1:
            rows += [(f"  {provider}", _number(each)) for provider, each in _most(carried)]
    escalations = told["escalations"]
    rows += [
        ("to the next channel after a failure", _number(escalations["failed"])),
        ("to the next channel after silence", _number(escalations["unconfirmed"])),
        ("carrier gave no answer (uncertain)", _number(told["uncertain"])),
        ("arrived late, after the next channel", _number(told["double_contacts"])),
    ]
    return rows


def _audit(told: Summary) -> list[tuple[str, str]]:
    checks = {**told["checks"], **told["checks_beyond"]}
    return [(text, _judged(name, checks[name])) for name, text in _CHECKS.items()]


def _judged(name: str, count: int) -> str:
    if name == "crossed_payment":
        return _number(count)
    return f"[red]{_number(count)}[/red]" if count else "[green]0[/green]"


def _time(told: Summary) -> list[tuple[str, str]]:
    fence = told["fence_ms"]
    times = " / ".join(f"{fence[name]:,.0f} ms" for name in ("p50", "p99", "max"))
    return [
        ("event acknowledged → in force, p50 / p99 / max", times),
        ("the whole demo", f"{told['seconds']:,.0f} s"),
    ]


def _number(count: int) -> str:
    return f"{count:,}"


def _money(amounts: Mapping[str, Any], name: str) -> str:  # Any: JSON
    """The sum in Taiwan dollars."""
    home = amounts["by_currency"].get("TWD", {name: amounts[name]})
    return f"NT$ {home[name] / 100:,.2f}"


def _abroad(amounts: Mapping[str, Any]) -> str:  # Any: JSON
    others = [currency for currency in amounts["by_currency"] if currency != "TWD"]
    return f" (the sum is of those in NT$, not {', '.join(others)})" if others else ""
