"""How long a platform keeps a push for a device that is away."""

from __future__ import annotations

from datetime import datetime, timedelta

# FCM's longest (firebase.google.com, "Set the lifespan of a message"); Apple names none.
LONGEST = timedelta(weeks=4)


def lifetime(expires_at: datetime | None, now: datetime) -> timedelta | None:
    """From `now` (machine clock) until the message is of no use; None leaves it to the platform.

    The gate has just found it of use, so one that seems past follows another clock than ours.
    """
    if expires_at is None or expires_at <= now:
        return None
    return min(expires_at - now, LONGEST)
