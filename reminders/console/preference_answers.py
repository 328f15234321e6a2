"""Answers of the preference door: pages with their security headers, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reminders.console.asgi import Send
from reminders.console.preference_page import SECURITY
from reminders.services.preferences.change import Changed
from reminders.services.preferences.show import Notice, Standing


async def send_page(
    send: Send, status: int, page: str, headers: Mapping[str, str] | None = None
) -> None:
    """Send `page` as HTML that may load nothing and be framed by nobody."""
    body = page.encode()
    fields = {
        "content-type": "text/html; charset=utf-8",
        "content-length": str(len(body)),
        **SECURITY,
        **(headers or {}),
    }
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def standing_json(standing: Standing) -> dict[str, object]:
    """What holds for a customer."""
    return {
        "language": standing.language,
        "channels": [
            {
                "channel": each.channel,
                "address": each.mask,
                "reachable": each.reachable,
                "on": each.on,
                "kinds": dict(each.kinds),
            }
            for each in standing.settings
        ],
        "offsets": list(standing.offsets),
        "choices": list(standing.choices),
        "next": _notices(standing.notices),
    }


def changed_json(made: Changed, seen: str) -> dict[str, object]:
    """What a change came to; `seen` is to be sent back to acknowledge the disclosure."""
    said = made.disclosure
    return {
        "change": str(made.change_no),
        "effective": made.effective,
        "waits": bool(made.held_for),
        "remaining": list(made.remaining),
        "disclosure": (
            {"version": said.version, "language": said.language, "text": said.text, "seen": seen}
            if said
            else None
        ),
        "next": _notices(made.notices),
    }


def _notices(notices: Sequence[Notice]) -> list[dict[str, str]]:
    return [
        {
            "at": each.at.isoformat(),
            "bill": each.bill_id,
            "kind": each.kind,
            "channel": each.channel,
        }
        for each in notices
    ]
