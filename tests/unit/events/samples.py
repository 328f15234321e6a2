"""Events as bytes for the tests, each a valid one with something changed."""

from __future__ import annotations

import json
from typing import Any

from reminders.events.content import to_json
from reminders.events.examples import examples


def raw(event_type: str = "bill.issued", /, **changed: Any) -> bytes:  # Any: JSON
    """The example of a type; `data_x=…` changes a field of its data, `x=…` of its envelope."""
    event = json.loads(to_json(examples()[event_type]))
    for name, value in changed.items():
        target = event["data"] if name.startswith("data_") else event
        target[name.removeprefix("data_")] = value
    return json.dumps(event).encode()
