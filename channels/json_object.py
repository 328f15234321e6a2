"""Reads an answer that should be a JSON object; whoever sent something else said nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping


def json_object(body: bytes) -> Mapping[str, object]:
    """The object, or an empty one."""
    try:
        return as_object(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def as_object(found: object) -> Mapping[str, object]:
    """What was read already, if it is an object; else an empty one."""
    return found if isinstance(found, dict) else {}
