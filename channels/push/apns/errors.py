"""The 28 reasons of APNs as verdicts.

Source: developer.apple.com, "Handling notification responses from APNs", table "Response error
strings"; the same list in the Rust crate a2 (`ErrorReason`).
"""

from __future__ import annotations

from channels.verdicts import Fault, Verdict

_F = Fault
EXPIRED_TOKEN = "ExpiredProviderToken"  # noqa: S105  # a reason's name, no secret

VERDICTS: dict[str, Verdict] = {
    # 400: our request
    "BadCollapseId": Verdict(_F.OURS, "bad_collapse_id"),
    "BadExpirationDate": Verdict(_F.OURS, "bad_expiration_date"),
    "BadMessageId": Verdict(_F.OURS, "bad_message_id"),
    "BadPriority": Verdict(_F.OURS, "bad_priority"),
    "DuplicateHeaders": Verdict(_F.OURS, "duplicate_headers"),
    "MissingDeviceToken": Verdict(_F.OURS, "missing_device_token"),
    "PayloadEmpty": Verdict(_F.OURS, "payload_empty"),
    # 400: the token. BadDeviceToken also says that it belongs to the other environment; a device
    # that a development build registered is of no use to the production account either.
    "BadDeviceToken": Verdict(_F.ADDRESS, "invalid_token"),
    "DeviceTokenNotForTopic": Verdict(_F.ADDRESS, "token_of_another_app"),
    # 400: the topic of our settings
    "BadTopic": Verdict(_F.ACCOUNT, "bad_topic"),
    "MissingTopic": Verdict(_F.ACCOUNT, "missing_topic"),
    "TopicDisallowed": Verdict(_F.ACCOUNT, "topic_disallowed"),
    # 400: the connection was idle too long
    "IdleTimeout": Verdict(_F.BUSY, "idle_timeout"),
    # 403: our credentials
    "BadCertificate": Verdict(_F.ACCOUNT, "credentials_refused"),
    "BadCertificateEnvironment": Verdict(_F.ACCOUNT, "wrong_environment"),
    EXPIRED_TOKEN: Verdict(_F.ACCOUNT, "credentials_expired"),
    "Forbidden": Verdict(_F.ACCOUNT, "forbidden"),
    "InvalidProviderToken": Verdict(_F.ACCOUNT, "credentials_refused"),
    "MissingProviderToken": Verdict(_F.ACCOUNT, "credentials_missing"),
    # 404, 405
    "BadPath": Verdict(_F.OURS, "bad_path"),
    "MethodNotAllowed": Verdict(_F.OURS, "method_not_allowed"),
    # 410: the app was removed, at the `timestamp` beside it. One registered later, be it the same,
    # is told to us by a contact.changed, which brings it back.
    "Unregistered": Verdict(_F.ADDRESS, "unregistered"),
    # 413
    "PayloadTooLarge": Verdict(_F.OURS, "too_long"),
    # 429: of our tokens; of one device
    "TooManyProviderTokenUpdates": Verdict(_F.ACCOUNT, "too_many_credentials"),
    "TooManyRequests": Verdict(_F.BUSY, "rate_limited"),
    # 500, 503
    "InternalServerError": Verdict(_F.BUSY, "internal"),
    "ServiceUnavailable": Verdict(_F.BUSY, "unavailable"),
    "Shutdown": Verdict(_F.BUSY, "shutdown"),
}

# Newer than that list; Apple's page has them.
VERDICTS["ExpiredToken"] = Verdict(_F.ADDRESS, "expired_token")  # 410
VERDICTS["InvalidPushType"] = Verdict(_F.OURS, "invalid_push_type")  # 400
VERDICTS["BadEnvironmentKeyIdInToken"] = Verdict(_F.ACCOUNT, "wrong_environment")  # 403
VERDICTS["BadEnvironmentKeyInToken"] = Verdict(_F.ACCOUNT, "wrong_environment")  # 403
VERDICTS["UnrelatedKeyIdInToken"] = Verdict(_F.ACCOUNT, "credentials_refused")  # 403


def by_status(status: int) -> Verdict:
    """The verdict where the reason is none that we know."""
    if status == 410:
        return VERDICTS["Unregistered"]
    if status == 403:
        return VERDICTS["InvalidProviderToken"]
    if status in (429, 503):
        return Verdict(_F.BUSY, f"apns_{status}")
    if 400 <= status < 500:
        return Verdict(_F.OURS, f"apns_{status}")
    return Verdict(_F.UNKNOWN, f"apns_{status}")
