"""Samples of what providers say, and what each must come to: read from its own fields, by rules
that are written here anew and share nothing with the adapters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from channels.contract import Post
from channels.inbound import Meaning, StopWords, meaning_of
from channels.transport import Reply
from reminders.domain.outcome import Outcome, Permanent, Receipt, ReceiptStatus, Transient

Sample = dict[str, Any]  # Any: JSON
_R = ReceiptStatus
_FORM = {"content-type": "application/x-www-form-urlencoded"}
# Errors of a number that will never take a message; twilio.com/docs/api/errors.
_TWILIO_DEAD = {"30005", "30006", "21211", "21614", "21217"}
_TWILIO = {
    "delivered": _R.DELIVERED,
    "read": _R.READ,
    "undelivered": _R.UNDELIVERED,
    "failed": _R.UNDELIVERED,
    "canceled": _R.UNDELIVERED,
}
_TWILIO_INBOUND = {"receiving", "received"}
_APNS_DEAD = {"BadDeviceToken", "Unregistered", "DeviceTokenNotForTopic", "ExpiredToken"}
# Under 400, where the other reasons are of our request: the account's topic, a connection too old.
_APNS_ACCOUNT = {"BadTopic", "MissingTopic", "TopicDisallowed", "IdleTimeout"}


def judged(samples: Mapping[str, Sample]) -> Iterator[tuple[str, bool]]:
    """(sample, right) of everything in the file that is a sample; one of a provider that is
    unknown here is wrong."""
    for name, sample in samples.items():
        if name.startswith("optout"):
            yield from _words(name, sample)
        elif name in _JUDGES:
            yield from _JUDGES[name](name, sample)
        else:
            yield name, False


def _tencent(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    from channels.sms.tencent.receipts import read_entry

    for number, entry in enumerate(sample["body"]):
        wanted = _R.DELIVERED if entry["report_status"] == "SUCCESS" else _R.UNDELIVERED
        yield f"{name} {number}", _told(read_entry(entry), wanted, ref=entry["sid"])


def _aliyun(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    from channels.sms.aliyun.receipts import read_entry

    for number, entry in enumerate(sample["body"]):
        wanted = _R.DELIVERED if entry["success"] else _R.UNDELIVERED
        yield f"{name} {number}", _told(read_entry(entry), wanted, ref=entry["biz_id"])


def _aliyun_global(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    from channels.sms.aliyun.receipts import read_entry

    for number, entry in enumerate(sample["body"]):
        wanted = _R.DELIVERED if entry["Status"] == "1" else _R.UNDELIVERED
        yield f"{name} {number}", _told(read_entry(entry), wanted, ref=entry["MessageId"])


def _twilio(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    from channels.sms.twilio.receipts import hear

    form = sample["form"]
    told = hear(Post(urlencode(form).encode(), _FORM))
    said, wanted = told.receipts, _TWILIO.get(form["MessageStatus"], _R.ACCEPTED)
    dead = wanted is _R.UNDELIVERED and form.get("ErrorCode") in _TWILIO_DEAD
    right = len(said) == 1 and _told(said[0], wanted, ref=form["MessageSid"], dead=dead)
    if form["MessageStatus"] in _TWILIO_INBOUND:
        right = not said and [each.ref for each in told.inbound] == [form["MessageSid"]]
    yield f"{name} {form['MessageStatus']} {form.get('ErrorCode', '')}", right


def _told(said: object, wanted: ReceiptStatus, *, ref: str, dead: bool | None = None) -> bool:
    """`dead`: None where carriers' codes decide, of which each carrier has its own."""
    if not isinstance(said, Receipt) or said.at.tzinfo is None:
        return False
    if dead is None:
        dead = said.dead_contact and wanted is _R.UNDELIVERED
    return (said.status, said.provider_ref, said.dead_contact) == (wanted, ref, dead)


def _fcm(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    """`UNREGISTERED`, and `INVALID_ARGUMENT` without a field of ours at fault, mean the token.

    401, and 403 or 404 without a code of FCM's own, are of our account.
    """
    from channels.push.fcm.answers import outcome_of

    for number, body in enumerate(sample["bodies"]):
        error = body["error"]
        details = error.get("details", ())
        named = [each for detail in details for each in detail.get("fieldViolations", ())]
        ours = any(each.get("field") not in ("message.token", "token") for each in named)
        codes = {each.get("errorCode") for each in details} - {None}
        dead = "UNREGISTERED" in codes or ("INVALID_ARGUMENT" in codes and not ours)
        account = error["code"] == 401 or (error["code"] in (403, 404) and not codes)
        reply = Reply(error["code"], {}, json.dumps(body).encode())
        said = outcome_of(reply, datetime.now(UTC))
        yield f"{name} {number}", _refused(said, error["code"], dead=dead, account=account)


def _apns(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    from channels.push.apns.answers import outcome_of
    from channels.push.apns.errors import VERDICTS

    for each in sample["bodies"]:
        reason = each["body"]["reason"]
        reply = Reply(each["http"], {}, json.dumps(each["body"]).encode())
        said = outcome_of(reply, "attempt", datetime.now(UTC))
        account = each["http"] == 403 or reason in _APNS_ACCOUNT
        right = _refused(said, each["http"], dead=reason in _APNS_DEAD, account=account)
        yield f"{name} {reason}", right
    for reason in sample.get("reasons", ()):
        yield f"{name} {reason} is known", reason in VERDICTS


def _refused(said: Outcome, status: int, *, dead: bool, account: bool) -> bool:
    """429 and 5xx took nothing, nor was it the message's fault where our account is refused; the
    rest is for good, and blames the address only if `dead`."""
    if account or status == 429 or status >= 500:
        return isinstance(said, Transient)
    return isinstance(said, Permanent) and said.dead_contact is dead


def _words(name: str, sample: Sample) -> Iterator[tuple[str, bool]]:
    meanings = {"stop": Meaning.STOP, "start": Meaning.START, "help": Meaning.HELP}
    for field, words in sample.items():
        wanted = meanings.get(field.partition("_")[0])
        for word in words if wanted is not None else ():
            yield f"{name} {word}", meaning_of(word, StopWords.of()) is wanted
            more = meaning_of(f"PLEASE {word} NOW", StopWords.of())
            yield f"{name} {word} among others", more is Meaning.OTHER


_JUDGES: Mapping[str, Callable[[str, Sample], Iterator[tuple[str, bool]]]] = {
    "tencent": _tencent,
    "aliyun": _aliyun,
    "aliyun_global": _aliyun_global,
    "twilio": _twilio,
    "fcm_v1": _fcm,
    "apns": _apns,
}
