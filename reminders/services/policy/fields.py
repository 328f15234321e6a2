"""The small values of a policy file: local hours, moments around the due date, shares."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_HOUR_TEXT = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_HOUR = re.compile(_HOUR_TEXT)
_MOMENT = re.compile(rf"due_date(?: ([+-]) ([0-9]{{1,3}})d)? ({_HOUR_TEXT})")

# As in the JSON schema: `true` is no 1, and "2" no 2.
Whole = Annotated[int, Field(strict=True)]
Minutes = Annotated[Whole, Field(ge=0, le=60 * 24 * 14)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _hour(value: object) -> time:
    """YAML reads a bare 10:00 as 600, and a number would pass for seconds since midnight."""
    if isinstance(value, str) and _HOUR.fullmatch(value):
        return time.fromisoformat(value)
    raise ValueError('write it in quotes as a local hour such as "10:00"')


def _moment(value: object) -> tuple[int, time]:
    """`due_date - 3d 10:00` as (days from the due date, local hour)."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write it as "due_date - 3d 10:00"')
    return int(f"{found[1] or '+'}{found[2] or 0}"), time.fromisoformat(found[3])


Hour = Annotated[
    time,
    BeforeValidator(_hour),
    WithJsonSchema(
        {"type": "string", "pattern": f"^{_HOUR_TEXT}$", "description": 'Local, as "10:00".'}
    ),
]
Moment = Annotated[
    tuple[int, time],
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": rf"^due_date( [+-] [0-9]{{1,3}}d)? {_HOUR_TEXT}$",
            "description": 'Day and the customer\'s own hour, as "due_date - 3d 10:00".',
        }
    ),
]
