"""What Meta's webhooks say: statuses of our messages, and what customers wrote.

developers.facebook.com, WhatsApp, "messages webhook": `entry[].changes[].value.statuses[]` and
`….messages[]`. Instants are unix seconds, as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from channels.contract import Told
from channels.errors import ReceiptError
from channels.receipts import Entry, is_reference, text_of, unix_second_of
from channels.verdicts import Fault
from channels.whatsapp.errors import verdict_of
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

_OBJECT = "whatsapp_business_account"
_DIGITS = re.compile(r"[0-9]{5,15}")
_MOST_CHARS = 4_096

STATUSES: dict[str, ReceiptStatus] = {
    "sent": ReceiptStatus.ACCEPTED,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.READ,
    "played": ReceiptStatus.READ,
    "failed": ReceiptStatus.UNDELIVERED,
}
# They say nothing of whether it arrived.
_PASSED_OVER = frozenset({"deleted", "warning"})


def read(body: bytes) -> Told:
    """What one webhook says. Raises `ReceiptError`, which carries what of it could be read."""
    receipts: list[Receipt] = []
    inbound: list[Inbound] = []
    problem = ""
    for name, entry in _entries(body):
        try:
            if not isinstance(entry, dict):
                raise ReceiptError("is not an object")
            if name == "statuses":
                receipts += _receipt(entry)
            else:
                inbound.append(_inbound(entry))
        except ReceiptError as error:
            problem = problem or f"{name}: {error}"
    if problem:
        raise ReceiptError(problem, receipts, inbound)
    return Told(receipts, inbound)


def _receipt(entry: Entry) -> Iterator[Receipt]:
    """None for a message of somebody else on this number: it has no data of ours."""
    word = text_of(entry, "status")
    status = STATUSES.get(word)
    if status is None and word not in _PASSED_OVER:
        raise ReceiptError("status is not one of " + ", ".join(STATUSES))
    attempt = text_of(entry, "biz_opaque_callback_data", limit=512)
    if status is None or not attempt:
        return
    if not is_reference(attempt):
        raise ReceiptError("biz_opaque_callback_data is not an attempt id")
    reason, dead = _failure(entry) if status is ReceiptStatus.UNDELIVERED else ("", False)
    yield Receipt(
        attempt, status, unix_second_of(entry, "timestamp"), text_of(entry, "id"), reason, dead
    )


def _failure(entry: Entry) -> tuple[str, bool]:
    errors = entry.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    if not isinstance(code, int):
        return "failed", False
    verdict = verdict_of(code)
    if verdict is None:
        return f"whatsapp_{code}" if 0 <= code < 10**9 else "failed", False
    return verdict.reason, verdict.fault is Fault.ADDRESS


def _inbound(entry: Entry) -> Inbound:
    sender = text_of(entry, "from")
    if not _DIGITS.fullmatch(sender):
        raise ReceiptError("from is not a number")
    return Inbound(
        f"+{sender}", _words(entry), unix_second_of(entry, "timestamp"), ref=text_of(entry, "id")
    )


def _words(entry: Entry) -> str:
    """What was written or pressed; of a picture or a voice only that there was one."""
    kind = text_of(entry, "type", limit=40)
    if kind == "text":
        return text_of(_inner(entry, "text"), "body", _MOST_CHARS)
    if kind == "button":
        return text_of(_inner(entry, "button"), "text", _MOST_CHARS)
    if kind == "interactive":
        chosen = _inner(entry, "interactive")
        reply = _inner(chosen, "button_reply") or _inner(chosen, "list_reply")
        return text_of(reply, "title", _MOST_CHARS)
    return f"[{kind or 'unknown'}]"


def _entries(body: bytes) -> Iterator[tuple[str, object]]:
    """Every status and every message, with which of them it is."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReceiptError(f"not JSON: {type(error).__name__}") from error
    if not isinstance(found, dict) or found.get("object") != _OBJECT:
        raise ReceiptError(f"object is not {_OBJECT}")
    for entry in _list(found, "entry"):
        for change in _list(entry, "changes"):
            value = _inner(change, "value")
            for name in ("statuses", "messages"):
                yield from ((name, each) for each in _list(value, name))


def _list(found: object, name: str) -> list[object]:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, list) else []


def _inner(found: object, name: str) -> Mapping[str, object]:
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}
