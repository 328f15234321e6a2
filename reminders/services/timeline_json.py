"""The story of one bill for a program."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from reminders.services.bill_history import BillHistory
from reminders.services.timeline import Entry, ahead, tell, title


def as_json(told: BillHistory) -> dict[str, Any]:  # Any: JSON
    """The same story for a program; instants in UTC, and as the customer's wall shows them."""
    return {
        "bill": told.bill_id,
        "customer": told.known.customer.ref,
        "time_zone": told.zone,
        "title": title(told),
        "tier": told.assessment().tier,
        "entries": [_entry(told, each) for each in tell(told)],
        "ahead": [_entry(told, each) for each in ahead(told)],
    }


def _entry(told: BillHistory, entry: Entry) -> dict[str, str]:
    local = entry.at.astimezone(ZoneInfo(told.zone))
    return {
        "at": entry.at.isoformat(),
        "local": f"{local:%Y-%m-%d %H:%M:%S}",
        "kind": entry.kind,
        "stage": entry.stage,
        "text": entry.text,
    }
