"""What FCM's answers mean to a push."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.json_object import json_object
from channels.push.fcm.errors import (
    BAD_REQUEST,
    DEAD,
    INVALID_ARGUMENT,
    TOO_LONG,
    VERDICTS,
    by_status,
)
from channels.retry_after import parse_retry_after
from channels.transport import Reply
from channels.verdicts import Fault, Verdict
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_log = logging.getLogger(__name__)

_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_FIELD = re.compile(r"[A-Za-z0-9_.\[\]]{1,80}")
_TOKEN_FIELDS = frozenset({"message.token", "token"})
# firebase.google.com, "Handle errors": after 429 wait a minute where no Retry-After says more.
_QUOTA_WAIT = timedelta(minutes=1)
# "Android message is too big", "Message is too large. The maximum is 4K (4096 bytes).": it comes
# with FcmError alone, as a token that is none does, and only its words tell the two apart
# (firebase-admin-go issue 580).
_TOO_LONG = re.compile(r"\btoo (big|large)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refused:
    """The error of an answer: FCM's code or else the status, and the fields found wrong."""

    code: str
    fields: Sequence[str] = ()
    names_fields: bool = False
    too_long: bool = False


def outcome_of(reply: Reply, now: datetime) -> Outcome:
    """`now` (machine clock) measures a dated Retry-After."""
    if 200 <= reply.status < 300:
        name = json_object(reply.body).get("name")
        usable = isinstance(name, str) and 0 < len(name) <= 200 and name.isascii()
        return Accepted(str(name)) if usable else Uncertain("accepted with an unreadable body")
    found = fault_of(reply)
    verdict = _verdict(found, reply.status)
    if verdict.fault is Fault.OURS:
        _log.error("fcm refused our request: %s %s", verdict.reason, ", ".join(found.fields))
    wait = parse_retry_after(reply.headers.get("retry-after"), now)
    if wait is None and verdict.reason == "rate_limited":
        wait = _QUOTA_WAIT
    return verdict.outcome(wait)


def refuses_credentials(reply: Reply) -> bool:
    """True if it is our access token that FCM does not take."""
    return reply.status == 401 and fault_of(reply).code in ("UNAUTHENTICATED", "")


def _verdict(found: Refused, status: int) -> Verdict:
    if found.code == INVALID_ARGUMENT and found.too_long:
        return TOO_LONG
    if found.code == INVALID_ARGUMENT:
        # One code for two things: a violation names the field of our request that is wrong; without
        # one, or if that field is the token, it is the token.
        ours = found.names_fields and not _TOKEN_FIELDS.intersection(found.fields)
        return BAD_REQUEST if ours else DEAD
    return VERDICTS.get(found.code) or by_status(status)


def fault_of(reply: Reply) -> Refused:
    """The error that a reply's body names; an empty code where it names none."""
    error = json_object(reply.body).get("error")
    if not isinstance(error, dict):
        return Refused("")
    listed = _objects(error.get("details"))
    kinds = {str(each.get("@type")): each for each in listed}
    code = kinds.get(_FCM_ERROR, {}).get("errorCode") or error.get("status")
    if _BAD_REQUEST in kinds:
        return Refused(str(code), _fields(kinds[_BAD_REQUEST]), names_fields=True)
    # Without any details nothing says that it is the token.
    ours = code == INVALID_ARGUMENT and _FCM_ERROR not in kinds
    too_long = _TOO_LONG.search(str(error.get("message"))[:200]) is not None
    return Refused(str(code), names_fields=ours, too_long=too_long)


def _fields(violation: Mapping[str, object]) -> Sequence[str]:
    """The names alone: a description may hold what was sent."""
    names = [each.get("field") for each in _objects(violation.get("fieldViolations"))]
    return [name for name in names if isinstance(name, str) and _FIELD.fullmatch(name)]


def _objects(value: object) -> Sequence[Mapping[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
