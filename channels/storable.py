"""Outcomes whose words a database takes: a provider's answer is a stranger's text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from reminders.domain.outcome import Accepted, Outcome

# PostgreSQL takes neither a NUL nor half a surrogate pair; both are legal in JSON.
_BARRED: Final = re.compile("[\x00\ud800-\udfff]")


def storable(outcome: Outcome) -> Outcome:
    """The same outcome, without what would make the whole batch's record fail."""
    words = outcome.ref if isinstance(outcome, Accepted) else outcome.reason
    if words.isprintable():  # nearly always; it is read once and copied never
        return outcome
    plain = _BARRED.sub("", words)
    if isinstance(outcome, Accepted):
        return replace(outcome, ref=plain)
    return replace(outcome, reason=plain)
