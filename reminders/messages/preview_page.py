"""One message as each channel shows it, on one page that needs nothing from anywhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from reminders.messages.facts import Rendered

_STYLE = """
:root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--ink:#1f1f1f;--quiet:#5f6368;
--line:#dadce0;--bubble:#e9eaee;--mine:#d7f5dd;--warn:#b3261e;--screen:#28324a;--on-screen:#fff}
@media (prefers-color-scheme:dark){:root{--page:#121212;--card:#1e1f22;--ink:#e8eaed;
--quiet:#a9adb3;--line:#3c4043;--bubble:#303236;--mine:#1f4a2b;--warn:#f2b8b5;--screen:#0c1222}}
*{box-sizing:border-box}
body{margin:0;padding:1.5rem;background:var(--page);color:var(--ink);line-height:1.5;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Noto Sans CJK SC",sans-serif}
header,main{max-width:76rem;margin:0 auto}h1{font-size:1.4rem;margin:0 0 .25rem}
header p{color:var(--quiet);margin:0 0 1.25rem;overflow-wrap:anywhere}
main{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem;
min-width:0}
section.wide{grid-column:1/-1}h2{font-size:1rem;margin:0}
.about{color:var(--quiet);font-size:.85rem;margin:0 0 .75rem;overflow-wrap:anywhere}
.bubble{background:var(--bubble);border-radius:1.1rem 1.1rem 1.1rem .25rem;padding:.65rem .9rem;
max-width:20rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:0}code{font-size:.85rem}
.chat{background:var(--mine);border-radius:.5rem}
.lock{background:var(--screen);color:var(--on-screen);border-radius:1rem;padding:2rem .75rem}
.lock div{background:rgba(255,255,255,.16);border-radius:.9rem;padding:.6rem .8rem;max-width:22rem;
margin:0 auto}
.lock p{margin:0;overflow-wrap:anywhere}.lock p+p{font-size:.9rem}
.spoken{border-left:.25rem solid var(--line);margin:0;padding:0 0 0 .9rem}
.spoken p{margin:0 0 .5rem}.two{display:grid;gap:1rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))}
iframe{width:100%;height:40rem;border:1px solid var(--line);border-radius:.5rem;resize:vertical;
background:#fff}
@media (prefers-color-scheme:dark){iframe{background:#121212}}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:0;padding:1rem;
border:1px solid var(--line);border-radius:.5rem}
.banner{border:1px solid var(--line);border-left:.35rem solid #0b57d0;border-radius:.5rem;
padding:.75rem 1rem}
.banner p{margin:0;overflow-wrap:anywhere}.fault{color:var(--warn);margin:0}
@media (max-width:24rem){body{padding:.75rem}}
"""
NAMES: Mapping[str, str] = {
    "sms": "Text message",
    "email": "E-mail",
    "push": "Push, on a locked screen",
    "in_app": "In the app",
    "voice": "Call, as it is spoken",
    "wechat": "WeChat",
    "whatsapp": "WhatsApp",
    "apprise": "Apprise: Slack, Telegram and others",
    "webhook": "Webhook, as it is posted",
    "human_task": "Task, for a person to say",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A channel's form of the message, or in one line why there is none.

    `cost_minor` is that of one SMS segment, None where no provider is known.
    """

    channel: str
    rendered: Rendered | None
    fault: str = ""
    cost_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A message in every channel's form, and in words which message that is."""

    heading: str
    about: str
    shown: Sequence[Shown]

    def page(self) -> str:
        return preview_page(self.heading, self.about, self.shown)


def preview_page(heading: str, about: str, shown: Sequence[Shown]) -> str:
    """The page. Nothing of a message can leave its form: all is escaped, mail is sandboxed."""
    body = "".join(_section(each) for each in shown)
    language = next((each.rendered.language for each in shown if each.rendered), "en")
    return (
        f'<!DOCTYPE html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(heading)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{escape(heading)}</h1><p>{escape(about)}</p></header>"
        f"<main>{body}</main></body></html>"
    )


def _section(shown: Shown) -> str:
    name = escape(NAMES.get(shown.channel, shown.channel))
    if shown.rendered is None:
        inner = f'<p class="fault">{escape(shown.fault)}</p>'
        return f"<section><h2>{name}</h2>{inner}</section>"
    form = _FORMS.get(shown.channel, _chat)
    facts = escape(about(shown, shown.rendered))
    wide = ' class="wide"' if shown.channel == "email" else ""
    return (
        f'<section{wide}><h2>{name}</h2><p class="about">{facts}</p>{form(shown.rendered)}'
        "</section>"
    )


def about(shown: Shown, rendered: Rendered) -> str:
    """Which words these are, how long, and what they cost."""
    return " · ".join(_about(shown, rendered))


def _about(shown: Shown, rendered: Rendered) -> Iterable[str]:
    yield rendered.template
    if shown.channel == "sms":
        parts = rendered.segments
        yield f"{parts} segment{'' if parts == 1 else 's'}, {len(rendered.text)} characters"
        if shown.cost_minor is not None:
            yield f"{parts} x {shown.cost_minor} = {parts * shown.cost_minor} minor units"
    elif shown.channel == "push":
        yield f"{len(rendered.subject)} + {len(rendered.text)} characters"
    elif shown.channel == "voice":
        yield f"about {_seconds(rendered)} seconds"


def _seconds(rendered: Rendered) -> int:
    """How long it is spoken: about 15 letters a second, or 4 Chinese characters."""
    return max(1, round(len(rendered.text) / (4 if rendered.language.startswith("zh") else 15)))


def _phone(rendered: Rendered) -> str:
    return f'<p class="bubble">{escape(rendered.text)}</p>'


def _chat(rendered: Rendered) -> str:
    return f'<p class="bubble chat">{escape(rendered.text)}</p>'


def _mail(rendered: Rendered) -> str:
    return (
        f"<p><strong>{escape(rendered.subject)}</strong></p>"
        f'<div class="two"><iframe sandbox title="HTML" srcdoc="{escape(rendered.html)}"></iframe>'
        f"<pre>{escape(rendered.text)}</pre></div>"
    )


def _lock_screen(rendered: Rendered) -> str:
    return (
        f'<div class="lock"><div><p><strong>{escape(rendered.subject)}</strong></p>'
        f"<p>{escape(rendered.text)}</p></div></div>"
    )


def _call(rendered: Rendered) -> str:
    return f'<blockquote class="spoken"><p>{escape(rendered.text)}</p></blockquote>'


def _banner(rendered: Rendered) -> str:
    return (
        f'<div class="banner"><p><strong>{escape(rendered.subject)}</strong></p>'
        f"<p>{escape(rendered.text)}</p></div>"
    )


def _notification(rendered: Rendered) -> str:
    link = f"<br>{escape(rendered.link)}" if rendered.link else ""
    return (
        f'<p class="bubble"><strong>{escape(rendered.subject)}</strong><br>'
        f"{escape(rendered.text)}{link}</p>"
    )


def event(rendered: Rendered) -> str:
    """The part of a posted event that is the message's own, as JSON."""
    said = {
        name: str(getattr(rendered, name))
        for name in ("kind", "language", "subject", "text", "link")
    }
    return json.dumps(said, ensure_ascii=False, indent=2)


def _event(rendered: Rendered) -> str:
    return f"<pre><code>{escape(event(rendered))}</code></pre>"


_FORMS: Mapping[str, Callable[[Rendered], str]] = {
    "sms": _phone,
    "email": _mail,
    "push": _lock_screen,
    "voice": _call,
    "in_app": _banner,
    "apprise": _notification,
    "webhook": _event,
    "human_task": _call,
}
