"""When a receiver that fails is not written to any more, and what is said of it then."""

from __future__ import annotations

from datetime import datetime, timedelta

# Standard Webhooks, "Disabling endpoints": after days of nothing but failures, with a notice.
AFTER = timedelta(days=5)


def should_disable(failing_since: datetime | None, now: datetime, after: timedelta = AFTER) -> bool:
    """True if every post has failed for so long. `failing_since`: the first failure after the
    last success; None where the last post was taken."""
    return failing_since is not None and now - failing_since >= after


def notice(mask: str, failing_since: datetime, now: datetime) -> tuple[str, str]:
    """Subject and text for whoever looks after the receiver: it goes by another channel."""
    days = max(1, (now - failing_since).days)
    text = (
        f"No event could be delivered to {mask} since {failing_since:%Y-%m-%d %H:%M} UTC"
        f" ({days} days). Nothing more is sent there. Once the receiver answers again with a 2xx,"
        " give its address once more to switch it on; events of the meantime are not sent again."
    )
    return f"Webhook {mask} is switched off", text
