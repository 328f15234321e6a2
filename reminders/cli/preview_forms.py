"""A preview on the terminal: each channel's form as far as letters can show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reminders.messages.facts import Rendered
from reminders.messages.preview_page import NAMES, Preview, Shown, about, event

if TYPE_CHECKING:
    from rich.console import Console

_WIDE, _PHONE = 80, 46  # columns of a letter, and of what is read on a phone
_ON_PHONES = frozenset({"sms", "push", "in_app", "wechat", "whatsapp", "apprise"})


def show(out: Console, preview: Preview) -> None:
    """Boxes on a terminal, whole lines anywhere else."""
    out.print(preview.heading, style="bold")
    out.print(preview.about)
    for each in preview.shown:
        out.print()
        out.print(NAMES.get(each.channel, each.channel), style="bold")
        if each.rendered is None:
            out.print(each.fault, style="red")
        else:
            _form(out, each, each.rendered)


def _form(out: Console, shown: Shown, rendered: Rendered) -> None:
    from rich.panel import Panel
    from rich.text import Text

    html = f" · and as HTML, which --html FILE shows: {len(rendered.html)} characters"
    out.print(about(shown, rendered) + html * bool(rendered.html), style="dim")
    words = _FORMS.get(shown.channel, _whole)(rendered)
    if out.is_terminal:
        width = min(out.width, _PHONE if shown.channel in _ON_PHONES else _WIDE)
        out.print(Panel(Text(words), width=width))
    else:
        out.print(words)


def _text(rendered: Rendered) -> str:
    return rendered.text


def _whole(rendered: Rendered) -> str:
    return f"{rendered.subject}\n\n{rendered.text}" if rendered.subject else rendered.text


def _with_link(rendered: Rendered) -> str:
    return "\n".join(filter(None, (rendered.subject, rendered.text, rendered.link)))


_FORMS: Mapping[str, Callable[[Rendered], str]] = {
    **dict.fromkeys(("sms", "voice", "wechat", "whatsapp", "human_task"), _text),
    "apprise": _with_link,
    "webhook": event,
}
