"""WhatsApp's error codes as verdicts: of a call's answer, and of a message that failed later.

Source: developers.facebook.com, WhatsApp Business Platform, "Error codes" (2026-05-15), which asks
to go by `code` and not by title or HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.verdicts import Fault, Verdict

_F = Fault

_ACCOUNT = {
    0: "credentials_refused",
    3: "not_permitted",
    10: "not_permitted",
    33: "number_deleted",
    190: "credentials_expired",
    368: "policy_violation",
    130497: "country_restricted",
    131005: "not_permitted",
    131030: "number_not_listed",  # a test number sends to a list alone
    131031: "account_locked",
    131037: "display_name_missing",
    131042: "payment_problem",
    131045: "number_not_registered",
    133010: "number_not_registered",
}
_BUSY = {
    1: "unknown_error",
    2: "service_down",
    4: "rate_limited",
    80007: "rate_limited",
    130429: "rate_limited",
    131000: "unknown_error",
    131016: "service_down",
    131048: "spam_limit",  # of our number, by its quality
    131056: "pair_rate_limited",  # too many to this one customer
    131057: "maintenance",
    133004: "service_down",
}
_OURS = {
    100: "bad_request",
    131008: "bad_request",
    131009: "bad_request",
    131021: "recipient_is_sender",
    131047: "window_closed",  # 24 hours since they wrote; a template needs no window
    131051: "bad_request",
    131052: "media_error",
    131053: "media_error",
    132000: "template_words",
    132001: "template_missing",
    132005: "too_long",
    132007: "template_policy",
    132012: "template_words",
    132015: "template_paused",
    132016: "template_disabled",
    132068: "flow_blocked",
    132069: "flow_blocked",
    135000: "bad_request",
}
_CUSTOMER = {
    130472: "experiment",  # Meta holds messages to this customer back
    131049: "held_back",  # likewise, for "healthy ecosystem engagement"
    131050: "refused_by_customer",
}
# The one word for a number that is not on WhatsApp; an app too old and terms not accepted have it
# too. Taken for dead, since paying for it again would not help: health looks again in time.
_ADDRESS = {131026: "not_on_whatsapp"}

VERDICTS: Mapping[int, Verdict] = {
    code: Verdict(fault, reason)
    for fault, table in (
        (_F.ACCOUNT, _ACCOUNT),
        (_F.BUSY, _BUSY),
        (_F.OURS, _OURS),
        (_F.CUSTOMER, _CUSTOMER),
        (_F.ADDRESS, _ADDRESS),
    )
    for code, reason in table.items()
}


def verdict_of(code: int) -> Verdict | None:
    """None for a code that is not in the table."""
    if 200 <= code <= 299:
        return Verdict(_F.ACCOUNT, "not_permitted")
    return VERDICTS.get(code)


def by_status(status: int) -> Verdict:
    """The verdict where there is no code that we know."""
    if status in (401, 403):
        return VERDICTS[0]
    if status in (429, 503):
        return Verdict(_F.BUSY, f"whatsapp_{status}")
    if 400 <= status < 500:
        return Verdict(_F.OURS, f"whatsapp_{status}")
    # A proxy's 500, 502 or 504: what stands behind it may have taken the message.
    return Verdict(_F.UNKNOWN, f"whatsapp_{status}")
