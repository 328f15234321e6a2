"""FCM's refusals as verdicts.

Source: firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and /docs/cloud-messaging/
error-codes; where FCM gives no code of its own, the status of google.rpc.Code.
"""

from __future__ import annotations

from channels.verdicts import Fault, Verdict

INVALID_ARGUMENT = "INVALID_ARGUMENT"  # read with its details: see `answers`
DEAD = Verdict(Fault.ADDRESS, "invalid_token")
BAD_REQUEST = Verdict(Fault.OURS, "bad_request")
TOO_LONG = Verdict(Fault.OURS, "too_long")

VERDICTS: dict[str, Verdict] = {
    # 404: the app was removed or its data cleared
    "UNREGISTERED": Verdict(Fault.ADDRESS, "unregistered"),
    # 403: the token belongs to another project. Not dead: with the wrong account in our settings
    # every customer's device would answer so.
    "SENDER_ID_MISMATCH": Verdict(Fault.OURS, "sender_id_mismatch"),
    # 429: message rate of this device, of the project or of a topic
    "QUOTA_EXCEEDED": Verdict(Fault.BUSY, "rate_limited"),
    # 503: overloaded
    "UNAVAILABLE": Verdict(Fault.BUSY, "unavailable"),
    # 500: "you could retry the same request"
    "INTERNAL": Verdict(Fault.BUSY, "internal"),
    # 401: the certificate or key for Apple's or web push that Firebase holds
    "THIRD_PARTY_AUTH_ERROR": Verdict(Fault.ACCOUNT, "third_party_auth_error"),
    # google.rpc.Code
    "UNAUTHENTICATED": Verdict(Fault.ACCOUNT, "credentials_refused"),
    "PERMISSION_DENIED": Verdict(Fault.ACCOUNT, "permission_denied"),
    "NOT_FOUND": Verdict(Fault.ACCOUNT, "no_such_project"),
    "FAILED_PRECONDITION": Verdict(Fault.ACCOUNT, "failed_precondition"),
    "RESOURCE_EXHAUSTED": Verdict(Fault.BUSY, "rate_limited"),
    "DEADLINE_EXCEEDED": Verdict(Fault.UNKNOWN, "deadline_exceeded"),
    "CANCELLED": Verdict(Fault.UNKNOWN, "cancelled"),
    "UNKNOWN": Verdict(Fault.UNKNOWN, "unknown"),
}


def by_status(status: int) -> Verdict:
    """The verdict where there is no code that we know."""
    if status in (401, 403):
        return VERDICTS["UNAUTHENTICATED"]
    if status in (429, 503):
        return Verdict(Fault.BUSY, f"fcm_{status}")
    if 400 <= status < 500:
        return Verdict(Fault.OURS, f"fcm_{status}")
    # A proxy's 500, 502 or 504: what stands behind it may have taken the message.
    return Verdict(Fault.UNKNOWN, f"fcm_{status}")
