"""The operations page as HTML: numbers and short lists, each with the command that lists it all."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from html import escape

from reminders.ledger.incidents import Incident
from reminders.messages.facts import clean
from reminders.services.incidents import Mode
from reminders.services.metrics_overview import Overview

_STYLE = """
:root{color-scheme:light dark;--line:#c7c7cc;--quiet:#5f6368;--card:#f6f7f9;
--good:#0b6b2e;--warn:#8a4b00;--bad:#b3261e;--bar:#0b57d0}
@media (prefers-color-scheme:dark){:root{--line:#47494d;--quiet:#a5a8ad;--card:#1e1f22;
--good:#7fd89b;--warn:#f5b971;--bad:#f2b8b5;--bar:#a8c7fa}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;line-height:1.5;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei",sans-serif}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;margin-bottom:1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:0 0 .25rem}
.mode{font-weight:700}.normal{color:var(--good)}.recovering,.degraded{color:var(--warn)}
.suspended,.bad{color:var(--bad)}.quiet{color:var(--quiet)}.warn{color:var(--warn)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.75rem;
list-style:none;margin:0 0 1rem;padding:0}
.tiles li,section{border:1px solid var(--line);border-radius:.5rem;padding:.75rem;
background:var(--card);min-width:0}
.tiles b{display:block;font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}
section{margin:0 0 1rem}
code{font-size:.8rem;color:var(--quiet)}
table{border-collapse:collapse;width:100%;margin-top:.5rem}
th,td{text-align:left;padding:.3rem .75rem .3rem 0;vertical-align:top;
border-top:1px solid var(--line);overflow-wrap:break-word}
section{overflow-x:auto}
th{font-weight:600;color:var(--quiet);border-top:0;white-space:nowrap}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
meter{width:5rem;height:.8rem;vertical-align:middle}
p{margin:.25rem 0}
@media (max-width:40rem){thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
tr{display:block;border-top:1px solid var(--line);padding:.4rem 0}
td{display:flex;overflow-wrap:anywhere;gap:.75rem;
justify-content:space-between;border:0;padding:.1rem 0;text-align:right}
td::before{content:attr(data-name);color:var(--quiet);text-align:left;flex:0 0 6rem}
.tiles{grid-template-columns:1fr 1fr}}
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
SECURITY = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",  # the address may carry the token
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "refresh": "30",
}
_Row = Sequence[str]


def page(seen: Overview) -> str:
    """The whole page. Everything that came from outside is escaped, and clean of control marks."""
    body = [
        _head(seen),
        _tiles(seen),
        _incidents(seen),
        _providers(seen),
        _uncertain(seen),
        _unreachable(seen),
        _tasks(seen),
        _doubles(seen),
        _dead(seen),
    ]
    return document(f"Bill Reminders: {seen.status.mode.value}", "".join(body))


def document(title: str, body: str) -> str:
    """A whole page; `body` is HTML already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _head(seen: Overview) -> str:
    mode = seen.status.mode.value
    down = "".join(
        f'<p class="bad">{said(channel)} is down: {said(why)}</p>'
        for channel, why in sorted(seen.status.down.items())
    )
    return (
        f'<header><h1>Bill Reminders</h1><span class="mode {mode}">{mode}</span>'
        f'<span class="quiet">{at(seen.now)} UTC</span></header>{down}'
    )


def _tiles(seen: Overview) -> str:
    oldest = seen.due.oldest_unsent_at
    age = f", the oldest for {(seen.now - oldest).total_seconds() / 60:,.0f} min" if oldest else ""
    overdue = sum(late for _, late in seen.tasks.values())
    tiles = [
        ("due and unsent" + age, seen.due.unsent, "reminders status", "warn"),
        ("uncertain, open", seen.uncertain_count, "reminders uncertain list", "warn"),
        ("customers out of reach", seen.unreachable_count, "reminders unreachable list", "warn"),
        ("tasks overdue", overdue, "reminders task list", "bad"),
        ("told twice in 30 days", seen.double_count, "reminders uncertain doubles", "warn"),
        ("refused, to be looked at", sum(seen.dead.values()), "reminders dead list", "warn"),
        ("replies to answer", seen.inbound, "reminders task list --kind reply", "warn"),
        ("receipts parked", seen.parked, "reminders status", ""),
    ]
    shown = "".join(
        f'<li><b class="{tone if number else ""}">{number:,}</b>{escape(name)}'
        f"<br><code>{command}</code></li>"
        for name, number, command, tone in tiles
    )
    return f'<ul class="tiles">{shown}</ul>'


def _incidents(seen: Overview) -> str:
    rows = [_incident(seen, each) for each in (*seen.status.open, *seen.status.recent[:5])]
    names = ("number", "channel", "opened", "closed", "why", "did")
    numbers = {Mode.SUSPENDED: "all sending is suspended"}
    note = numbers.get(seen.status.mode, f"{len(seen.status.open)} open")
    return section("Incidents", note, "reminders incident status", names, rows, "none so far")


def _incident(seen: Overview, each: Incident) -> _Row:
    counts = seen.status.counts.get(each.number, {})
    did = ", ".join(
        f"{effect} {reminders:,} ({customers:,} customers)"
        for effect, (reminders, customers) in counts.items()
    )
    closed = at(each.closed_at) if each.closed_at else '<b class="bad">open</b>'
    opened = f"{at(each.opened_at)} by {said(each.opened_by)}"
    number = f"{each.number}<br><code>/v1/incidents/{each.number}</code>"
    return number, said(each.channel), opened, closed, said(each.why), said(did) or "nothing"


def _providers(seen: Overview) -> str:
    rows = [
        (
            said(each.channel),
            said(each.name),
            _share(each.share),
            said(each.reason) or "-",
        )
        for each in seen.providers
    ]
    names = ("channel", "provider", "share", "reason")
    note = f"{sum(each.share <= 0 for each in seen.providers)} take nothing"
    return section("Providers", note, "reminders incident status", names, rows, "none")


def _share(share: float) -> str:
    meter = f'<meter min="0" max="1" value="{share:.2f}"></meter>'
    return f'{meter} <span class="num">{share:.0%}</span>'


def _uncertain(seen: Overview) -> str:
    rows = [
        (
            at(each.attempt.since),
            said(each.attempt.customer),
            said(each.attempt.bill_id),
            f"{said(each.attempt.channel)} by {said(each.attempt.provider)}",
            said(each.next),
            f"<code>{each.attempt.attempt_id}</code>",
        )
        for each in seen.uncertain
    ]
    names = ("since", "customer", "bill", "sent", "next", "attempt")
    note = f"{seen.uncertain_count:,} open"
    return section("Uncertain", note, "reminders uncertain list", names, rows, "every one answered")


def _unreachable(seen: Overview) -> str:
    rows = [
        (at(task.made_at), said(task.ref), said(task.bill_id), said(task.owner) or "nobody")
        for task in seen.unreachable
    ]
    names = ("since", "customer", "bill", "taken by")
    note = f"{seen.unreachable_count:,} customers"
    command = "reminders unreachable list"
    return section("Out of reach", note, command, names, rows, "everybody can be reached")


def _tasks(seen: Overview) -> str:
    rows = [
        (
            kind.value,
            f"{count:,}",
            f'<span class="{"bad" if late else ""}">{late:,}</span>',
            f"<code>reminders task list --kind {kind.value}</code>",
        )
        for kind, (count, late) in sorted(seen.tasks.items())
    ]
    names = ("kind", "to do", "overdue", "list")
    note = f"{sum(count for count, _ in seen.tasks.values()):,} to do"
    return section("Tasks for people", note, "reminders task list", names, rows, "nothing to do")


def _doubles(seen: Overview) -> str:
    rows = [
        (
            at(each.heard_at),
            said(each.customer),
            said(each.bill_id),
            f"{said(each.channel)} by {said(each.provider)}",
            f"{said(each.then_by)} at {at(each.then_at)}",
        )
        for each in seen.doubles
    ]
    names = ("heard", "customer", "bill", "arrived late", "and was told by")
    note = f"{seen.double_count:,} in 30 days"
    return section("Told twice", note, "reminders uncertain doubles", names, rows, "nobody")


def _dead(seen: Overview) -> str:
    rows = [
        (said(fault), f"{count:,}", f"<code>reminders dead list --fault {said(fault)}</code>")
        for fault, count in sorted(seen.dead.items())
    ]
    names = ("fault", "open", "list")
    note = f"{sum(seen.dead.values()):,} open"
    return section("Dead letters", note, "reminders dead list", names, rows, "none")


def section(
    title: str, note: str, command: str, names: _Row, rows: Iterable[_Row], nothing: str
) -> str:
    """A list with its count. Cells are HTML already."""
    shown = "".join(
        "<tr>"
        + "".join(
            f'<td data-name="{name}"><span>{cell}</span></td>'
            for name, cell in zip(names, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{shown}</tbody></table>"
    return (
        f'<section><h2>{title} <span class="quiet">{escape(note)}</span></h2>'
        f"<code>{command}</code>{table if shown else f'<p>{nothing}</p>'}</section>"
    )


def at(moment: datetime) -> str:
    """An instant, as a cell shows it."""
    return f'<span class="num">{moment:%Y-%m-%d %H:%M}</span>'


def said(text: str) -> str:
    """What came from outside: escaped, and clean of control marks."""
    return escape(clean(text))
