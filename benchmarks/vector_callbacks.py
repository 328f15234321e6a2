"""Samples of what providers say, and what each must come to: read from its own fields, by rules
that are written here anew and share nothing with the adapters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from benchmarks.vector_judging import UNFIT, Judged, one_by_one, unfit
from channels.contract import Post
from channels.inbound import Meaning, StopWords, meaning_of
from channels.transport import Reply
from reminders.domain.outcome import (
    Accepted,
    Inbound,
    Outcome,
    Permanent,
    Receipt,
    ReceiptStatus,
    Transient,
    Uncertain,
)

Sample = dict[str, Any]  # Any: JSON
_R = ReceiptStatus
_FORM = {"content-type": "application/x-www-form-urlencoded"}
# Errors of a number that will never take a message; twilio.com/docs/api/errors.
_TWILIO_DEAD = {"30005", "30006", "21211", "21217", "21265", "21614", "21635"}
_TWILIO = {
    "delivered": _R.DELIVERED,
    "partially_delivered": _R.DELIVERED,
    "read": _R.READ,
    "undelivered": _R.UNDELIVERED,
    "failed": _R.UNDELIVERED,
    "canceled": _R.UNDELIVERED,
}
_TWILIO_INBOUND = {"receiving", "received"}
_APNS_DEAD = {"BadDeviceToken", "Unregistered", "DeviceTokenNotForTopic", "ExpiredToken"}
# Under 400, where the other reasons are of our request: the account's topic, a connection too old.
_APNS_ACCOUNT = {"BadTopic", "MissingTopic", "TopicDisallowed", "IdleTimeout"}


def judged(samples: Mapping[str, Sample]) -> Iterator[Judged]:
    """(sample, right) of everything in the file that is a sample; one of a provider that is
    unknown here is wrong."""
    if not isinstance(samples, dict):
        raise TypeError("an object was expected")
    for name, sample in samples.items():
        try:
            yield from _samples(name, sample)
        except UNFIT as error:
            yield f"{name} has {unfit(error)}", False


def _samples(name: str, sample: Sample) -> Iterator[Judged]:
    """Those of one provider; where it has one alone, it may stand without a list."""
    if name.startswith("optout"):
        yield from _words(name, sample)
    elif name in _JUDGES:
        field, right = _JUDGES[name]
        found = sample[field] if isinstance(sample[field], list) else [sample[field]]
        yield from one_by_one(found, lambda each: _title(name, each), right)
        yield from _reasons(name, sample)
    else:
        yield f"{name} is no provider that is known here", False


def _tencent(entry: Sample) -> bool:
    from channels.sms.tencent.receipts import read_entry

    if "text" in entry:
        return _written(read_entry(entry), entry["text"])
    wanted = _R.DELIVERED if entry["report_status"] == "SUCCESS" else _R.UNDELIVERED
    return _told(read_entry(entry), wanted, ref=entry["sid"])


def _aliyun(entry: Sample) -> bool:
    from channels.sms.aliyun.receipts import read_entry

    if "content" in entry:
        return _written(read_entry(entry), entry["content"])
    failed = _R.ACCEPTED if entry["err_code"] == "REQUEST_SUCCESS" else _R.UNDELIVERED
    wanted = _R.DELIVERED if str(entry["success"]).lower() == "true" else failed
    return _told(read_entry(entry), wanted, ref=entry["biz_id"])


def _aliyun_global(entry: Sample) -> bool:
    from channels.sms.aliyun.receipts import read_entry

    wanted = _R.DELIVERED if str(entry["Status"]) == "1" else _R.UNDELIVERED
    return _told(read_entry(entry), wanted, ref=entry["MessageId"])


def _twilio(form: Sample) -> bool:
    from channels.sms.twilio.receipts import hear

    told = hear(Post(urlencode(form).encode(), _FORM))
    # SmsStatus and SmsSid are the older names of the same.
    said, status = told.receipts, form.get("MessageStatus") or form["SmsStatus"]
    ref = form.get("MessageSid") or form["SmsSid"]
    if status in _TWILIO_INBOUND:
        return not said and [each.ref for each in told.inbound] == [ref]
    wanted = _TWILIO.get(status, _R.ACCEPTED)
    dead = wanted is _R.UNDELIVERED and str(form.get("ErrorCode")) in _TWILIO_DEAD
    return len(said) == 1 and _told(said[0], wanted, ref=ref, dead=dead)


def _written(said: object, text: str) -> bool:
    return isinstance(said, Inbound) and said.text == text and said.ref != ""


def _told(said: object, wanted: ReceiptStatus, *, ref: str, dead: bool | None = None) -> bool:
    """`dead`: None where carriers' codes decide, of which each carrier has its own."""
    if not isinstance(said, Receipt) or said.at.tzinfo is None:
        return False
    if dead is None:
        dead = said.dead_contact and wanted is _R.UNDELIVERED
    return (said.status, said.provider_ref, said.dead_contact) == (wanted, ref, dead)


def _now() -> datetime:
    return datetime.now(UTC)


def _fcm(body: Sample) -> bool:
    """`UNREGISTERED`, and `INVALID_ARGUMENT` without a field of ours at fault, mean the token.

    401, and 403 or 404 without a code of FCM's own, are of our account.
    """
    from channels.push.fcm.answers import outcome_of

    if "error" not in body:
        return isinstance(outcome_of(Reply(200, {}, json.dumps(body).encode()), _now()), Accepted)
    error = body["error"]
    details = error.get("details", ())
    named = [each for detail in details for each in detail.get("fieldViolations", ())]
    ours = any(each.get("field") not in ("message.token", "token") for each in named)
    ours = ours or "too big" in error.get("message", "")
    codes = {each.get("errorCode") for each in details} - {None}
    dead = "UNREGISTERED" in codes or ("INVALID_ARGUMENT" in codes and not ours)
    account = error["code"] == 401 or (error["code"] in (403, 404) and not codes)
    said = outcome_of(Reply(error["code"], {}, json.dumps(body).encode()), _now())
    return _refused(said, error["code"], dead=dead, account=account)


def _apns(each: Sample) -> bool:
    from channels.push.apns.answers import outcome_of

    reply = Reply(each["http"], {}, json.dumps(each.get("body", {})).encode())
    said = outcome_of(reply, "attempt", _now())
    if each["http"] == 200:
        return isinstance(said, Accepted)
    reason = each["body"]["reason"]
    account = each["http"] == 403 or reason in _APNS_ACCOUNT
    return _refused(said, each["http"], dead=reason in _APNS_DEAD, account=account)


def _refused(said: Outcome, status: int, *, dead: bool, account: bool) -> bool:
    """429 and 5xx took nothing, nor was it the message's fault where our account is refused; the
    rest is for good, and blames the address only if `dead`. A 5xx whose reason nobody knows may
    have taken it."""
    if status >= 500 and status != 503 and isinstance(said, Uncertain):
        return said.reason != ""
    if account or status == 429 or status >= 500:
        return isinstance(said, Transient)
    return isinstance(said, Permanent) and said.dead_contact is dead


def _words(name: str, sample: Sample) -> Iterator[Judged]:
    meanings = {"stop": Meaning.STOP, "start": Meaning.START, "help": Meaning.HELP}
    for field, words in sample.items():
        wanted = meanings.get(field.partition("_")[0])
        for word in words if wanted is not None else ():
            yield f"{name} {word}", meaning_of(word, StopWords.of()) is wanted
            more = meaning_of(f"PLEASE {word} NOW", StopWords.of())
            yield f"{name} {word} among others", more is Meaning.OTHER


def _reasons(name: str, sample: Sample) -> Iterator[Judged]:
    from channels.push.apns.errors import VERDICTS

    for reason in sample.get("reasons", ()):
        yield f"{name} {reason} is known", reason in VERDICTS


_TELLING = ("report_status", "errmsg", "err_code", "Status", "MessageStatus", "ErrorCode", "http")


def _title(name: str, entry: Sample) -> str:
    """What tells a sample from the others of its provider."""
    told = [entry[each] for each in _TELLING if each in entry]
    for part in (entry.get("error"), entry.get("body")):
        told += [part[each] for each in ("code", "status", "reason") if part and each in part]
    return " ".join((name, *map(str, told)))


# provider → where its samples are, and what judges one
_JUDGES: Mapping[str, tuple[str, Callable[[Sample], bool]]] = {
    "tencent": ("body", _tencent),
    "aliyun": ("body", _aliyun),
    "aliyun_global": ("body", _aliyun_global),
    "twilio": ("form", _twilio),
    "fcm_v1": ("bodies", _fcm),
    "apns": ("bodies", _apns),
}
