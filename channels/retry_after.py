"""`Retry-After`, as RFC 9110 §10.2.3 writes it: seconds, or one of three date forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A provider that says "in a million years" has a fault; a day is the most we believe.
LONGEST = timedelta(days=1)


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait asked for at `now` (machine clock), 0 to `LONGEST`; None if unreadable."""
    text = (value or "").strip(" \t\r\n")
    if not text:
        return None
    if text.isascii() and text.isdigit():
        # Python refuses to read digits without end; ten of them are beyond the cap already.
        return LONGEST if len(text) > 9 else min(timedelta(seconds=int(text)), LONGEST)
    if not text[0].isalpha():
        return None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(timedelta(0), min(at - now, LONGEST))
