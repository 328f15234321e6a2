"""The gateway's refusals as outcomes: one row per code, each with its source.

"gateway" is the API in docs/howto/sandbox-carriers.md; the numbers beside it are what well-known
gateways call the same thing, for whoever copies this table to a new provider.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A reason is a label of metrics and tables: nothing else a gateway writes becomes one.
CODE = re.compile(r"[a-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it was refused for good; `dead_contact` when the number itself is at fault."""

    reason: str
    dead_contact: bool


REFUSALS: dict[str, Refusal] = {
    # gateway; Twilio 21211 "invalid To"; SMPP 3.4 §5.1.3 ESME_RINVDSTADR 0x0B
    "invalid_number": Refusal("invalid_number", dead_contact=True),
    # gateway; Twilio 30005 "unknown destination handset"; GSM 09.02 error 1 unknownSubscriber
    "unknown_subscriber": Refusal("unknown_subscriber", dead_contact=True),
    # gateway; Twilio 30006 "landline or unreachable carrier"
    "landline": Refusal("landline", dead_contact=True),
    # gateway; Twilio 21610 "unsubscribed recipient": the number lives, its owner said no to us
    "blocked": Refusal("blocked", dead_contact=False),
    # gateway; Twilio 30004 "message blocked", 30007 "carrier violation"
    "content_rejected": Refusal("content_rejected", dead_contact=False),
    # gateway; Twilio 21617 "body exceeds the character limit"
    "too_long": Refusal("too_long", dead_contact=False),
}

# What a delivery receipt may name besides: a message that was taken and did not arrive.
RECEIPT_ERRORS: dict[str, Refusal] = REFUSALS | {
    # gateway; Twilio 30003 "unreachable destination handset": switched off, maybe back tomorrow
    "absent_subscriber": Refusal("absent_subscriber", dead_contact=False),
    # gateway; SMPP 3.4 appendix B, message state EXPIRED
    "expired": Refusal("expired", dead_contact=False),
}


def refusal(code: str, table: dict[str, Refusal] = REFUSALS) -> Refusal:
    """The row for `code`; an unknown code is permanent, but never blames the number."""
    return table.get(code) or Refusal(code or "refused", dead_contact=False)
