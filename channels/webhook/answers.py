"""What a receiver's status means (Standard Webhooks, "Webhook delivery"; RFC 9110 §15)."""

from __future__ import annotations

from datetime import datetime

from channels.retry_after import parse_retry_after
from channels.transport import Reply
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain

# status → reason, and whether the address itself is at fault.
REFUSALS: dict[int, tuple[str, bool]] = {
    # Standard Webhooks: "410 Gone: the endpoint should be disabled"; RFC 9110 §15.5.11
    410: ("gone", True),
    # RFC 9110 §15.5.5: "nor whether the condition is temporary": it may be a receiver's deploy
    404: ("not_found", False),
    # RFC 9110 §15.5.2, §15.5.4: the receiver does not take our signature
    401: ("signature_refused", False),
    403: ("signature_refused", False),
    # RFC 9110 §15.5.14
    413: ("too_long", False),
}
# RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4: the same request may be taken later.
_LATER = {408: "request timed out", 425: "too early", 429: "rate limited"}


def outcome_of(reply: Reply, message_id: str, now: datetime) -> Outcome:
    """The outcome of a post. `now` (machine clock) measures a dated Retry-After."""
    status = reply.status
    if 200 <= status < 300:
        return Accepted(message_id)
    if status in (502, 504):
        # A proxy lost its upstream, which may have taken the event: the same id goes again.
        return Uncertain(f"receiver {status}")
    if status >= 500 or status in _LATER:
        retry_after = parse_retry_after(reply.headers.get("retry-after"), now)
        return Transient(_LATER.get(status, f"receiver {status}"), retry_after)
    if 300 <= status < 400:
        # Where it leads nobody has checked; an address that moved is told to us, not followed.
        return Permanent("redirected")
    reason, dead = REFUSALS.get(status, (f"refused_{status}", False))
    return Permanent(reason, dead_contact=dead)
