"""The preference page as HTML: forms and text alone, so that it needs no script and no cookie."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from zoneinfo import ZoneInfo

from reminders.console.preference_words import Words
from reminders.domain.customer import EVERY_KIND
from reminders.services.preferences.change import Changed
from reminders.services.preferences.show import Notice, Setting, Standing

_STYLE = """
:root{color-scheme:light dark;--line:#767676;--action:#0b57d0;--on-action:#fff}
@media (prefers-color-scheme:dark){:root{--action:#a8c7fa;--on-action:#062e6f}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:38rem;padding:1rem;line-height:1.6;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei",sans-serif}
h1{font-size:1.5rem;line-height:1.3}h2{font-size:1.15rem;margin:0}
section{border:1px solid var(--line);border-radius:.5rem;padding:1rem;margin:0 0 1rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;justify-content:space-between}
button{font:inherit;min-height:2.75rem;padding:.25rem 1rem;border-radius:.375rem;
border:1px solid var(--action);background:var(--action);color:var(--on-action)}
button.quiet{background:transparent;color:inherit;border-color:var(--line)}
button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid var(--action);
outline-offset:2px}
fieldset{border:0;padding:0;margin:0}label{display:inline-block;padding:.5rem 1rem .5rem 0}
input{width:1.25rem;height:1.25rem;vertical-align:middle}
p,li{overflow-wrap:anywhere}ul{padding-left:1.25rem}a{color:inherit}
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
SECURITY = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",  # the address of the page is its pass
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def settings_page(words: Words, standing: Standing, path: str, note: str = "") -> str:
    """Every channel with its switches, the days, and what comes next."""
    body = [_status(note)]
    body += [_channel(words, setting, path) for setting in standing.settings]
    body.append(f"<p>{escape(words.minimum)}</p>")
    if standing.choices:
        body.append(_days(words, standing, path))
    body.append(_upcoming(words, standing.notices, standing.time_zone))
    return _page(words, words.title, body)


def changed_page(
    words: Words,
    standing: Standing,
    asked: tuple[str, str, bool],
    made: Changed,
    path: str,
    seen: str,
) -> str:
    """What a change came to: the disclosure, to be acknowledged, and what comes next."""
    channel, kind, allowed = asked
    heading = words.changed.format(
        channel=words.channels.get(channel, channel),
        kind=words.kinds.get(kind, kind),
        state=words.on if allowed else words.off,
    )
    note = words.waits if made.held_for else "" if made.effective else words.still_barred
    body = [_status(note)]
    if made.disclosure:
        body.append(
            f"<section><p>{escape(made.disclosure.text)}</p>"
            f'<form method="post" action="{escape(path)}/acknowledge">'
            f'<input type="hidden" name="seen" value="{escape(seen)}">'
            f"<button>{escape(words.acknowledge)}</button></form></section>"
        )
    body.append(_upcoming(words, made.notices, standing.time_zone))
    body.append(_back(words, path))
    return _page(words, words.unchanged if note else heading, body)


def note_page(words: Words, heading: str, line: str, path: str = "") -> str:
    """One line, such as a refusal or a thank-you."""
    return _page(words, heading, [f"<p>{escape(line)}</p>", _back(words, path) if path else ""])


def _channel(words: Words, setting: Setting, path: str) -> str:
    name = words.channels.get(setting.channel, setting.channel)
    state = words.on if setting.on else words.off
    where = f"<p>{escape(setting.mask)}</p>" if setting.mask else ""
    if not setting.reachable:
        where += f"<p>{escape(words.no_address)}</p>"
    button = _switch(words, path, (setting.channel, EVERY_KIND), name, on=setting.on)
    single = ""
    if setting.on:
        rows = "".join(
            _single(words, setting, path, kind, on=allowed)
            for kind, allowed in setting.kinds.items()
        )
        single = f"<details><summary>{escape(words.single)}</summary>{rows}</details>"
    return (
        f'<section><div class="row"><h2>{escape(name)}: {escape(state)}</h2>{button}</div>'
        f"{where}{single}</section>"
    )


def _single(words: Words, setting: Setting, path: str, kind: str, *, on: bool) -> str:
    what = words.kinds.get(kind, kind)
    name = f"{words.channels.get(setting.channel, setting.channel)}, {what}"
    state = words.on if on else words.off
    button = _switch(words, path, (setting.channel, kind), name, on=on)
    return f'<div class="row"><span>{escape(what)}: {escape(state)}</span>{button}</div>'


def _switch(words: Words, path: str, what: tuple[str, str], name: str, *, on: bool) -> str:
    channel, kind = what
    label = words.switch_off if on else words.switch_on
    quiet = ' class="quiet"' if on else ""
    return (
        f'<form method="post" action="{escape(path)}">'
        f'<input type="hidden" name="channel" value="{escape(channel)}">'
        f'<input type="hidden" name="kind" value="{escape(kind)}">'
        f'<input type="hidden" name="allowed" value="{"off" if on else "on"}">'
        f'<button{quiet} aria-label="{escape(label)}: {escape(name)}">{escape(label)}</button>'
        "</form>"
    )


def _days(words: Words, standing: Standing, path: str) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="offset" value="{day}"'
        f"{' checked' if day in standing.offsets else ''}> "
        f"{escape(words.day.format(-day))}</label>"
        for day in standing.choices
    )
    return (
        f'<section><form method="post" action="{escape(path)}/offsets"><fieldset>'
        f"<legend><h2>{escape(words.days)}</h2></legend><p>{escape(words.days_hint)}</p>"
        f"{boxes}</fieldset><button>{escape(words.save)}</button></form></section>"
    )


def _upcoming(words: Words, notices: Sequence[Notice], zone: str) -> str:
    where = ZoneInfo(zone or "UTC")
    lines = "".join(
        "<li>"
        + escape(
            words.upcoming_one.format(
                at=f"{each.at.astimezone(where):%Y-%m-%d %H:%M}",
                bill=each.bill_id,
                kind=words.kinds.get(each.kind, each.kind),
                channel=words.channels.get(each.channel, words.nothing),
            )
        )
        + "</li>"
        for each in notices
    )
    shown = f"<ul>{lines}</ul>" if lines else f"<p>{escape(words.upcoming_none)}</p>"
    return f"<section><h2>{escape(words.upcoming)}</h2>{shown}</section>"


def _status(note: str) -> str:
    return f'<p role="status"><strong>{escape(note)}</strong></p>' if note else ""


def _back(words: Words, path: str) -> str:
    return f'<p><a href="{escape(path)}">{escape(words.back)}</a></p>'


def _page(words: Words, heading: str, body: Iterable[str]) -> str:
    return (
        f'<!DOCTYPE html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(words.title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(heading)}</h1>{''.join(body)}</main></body></html>"
    )
