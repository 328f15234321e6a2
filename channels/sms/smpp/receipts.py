"""Delivery receipts: the text of SMPP 3.4 appendix B, and the parameters that say it plainly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from channels.errors import ReceiptError
from channels.sms.smpp.message_ids import receipted_ref, submitted_ref
from channels.sms.smpp.pdu import Pdu, Tag
from channels.sms.smpp.settings import MessageId
from reminders.domain.outcome import ReceiptStatus

_R = ReceiptStatus

# Message states: the short forms of appendix B and the names of §5.2.28; both are in use. SCHEDULED
# and SKIPPED (accepted, but not transmitted) are SMPP 5.0's, §4.7.15.
STATUSES: Final[dict[str, ReceiptStatus]] = {
    "SCHEDULED": _R.ACCEPTED,
    "ENROUTE": _R.ACCEPTED,
    "ACCEPTD": _R.ACCEPTED,
    "ACCEPTED": _R.ACCEPTED,
    "UNKNOWN": _R.ACCEPTED,
    "DELIVRD": _R.DELIVERED,
    "DELIVERED": _R.DELIVERED,
    "UNDELIV": _R.UNDELIVERED,
    "UNDELIVERABLE": _R.UNDELIVERED,
    "EXPIRED": _R.UNDELIVERED,
    "DELETED": _R.UNDELIVERED,
    "REJECTD": _R.UNDELIVERED,
    "REJECTED": _R.UNDELIVERED,
    "SKIPPED": _R.UNDELIVERED,
}
# message_state (§5.2.28) as appendix B writes it.
STATES: Final[dict[int, str]] = {
    0: "SCHEDULED",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
    9: "SKIPPED",
}

_TEXT = re.compile(r"(?:^|\s)text:", re.IGNORECASE)
_NAMES = r"id|sub|dlvrd|submit[ _]date|done[ _]date|stat|err"
# A field that is empty is not filled with the next one's name.
_FIELD = re.compile(rf"(?:^|\s)({_NAMES}):\s*(?!(?:{_NAMES}):)([^\s\0]*)", re.IGNORECASE)
_DATE = re.compile(r"(?:20)?(\d{10}|\d{12})")
_ERR = re.compile(r"[0-9A-Za-z]{1,16}")


@dataclass(frozen=True, slots=True)
class ReceiptText:
    """The fields of a receipt's text as they stand; "" where one is absent. `done` and `submitted`
    are the carrier's local time, YYMMDDhhmm or YYMMDDhhmmss."""

    id: str = ""
    stat: str = ""
    err: str = ""
    sub: str = ""
    dlvrd: str = ""
    submitted: str = ""
    done: str = ""

    @property
    def status(self) -> ReceiptStatus | None:
        return STATUSES.get(self.stat.upper())

    @property
    def delivered(self) -> bool:
        return self.status is _R.DELIVERED

    @property
    def final(self) -> bool:
        """Whether nothing else can follow it."""
        return self.status in (_R.DELIVERED, _R.UNDELIVERED)


def read_text(text: str) -> ReceiptText:
    """The fields of `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`, in any
    order and case; what stands behind `text:` is the customer's message and is not looked at."""
    head = _TEXT.split(text, maxsplit=1)[0]
    found: dict[str, str] = {}
    for name, value in _FIELD.findall(head):
        found.setdefault(name.lower().replace("_", " "), value)
    return ReceiptText(
        id=found.get("id", ""),
        stat=found.get("stat", ""),
        err=found.get("err", ""),
        sub=found.get("sub", ""),
        dlvrd=found.get("dlvrd", ""),
        submitted=found.get("submit date", ""),
        done=found.get("done date", ""),
    )


def instant_of(done: str, zone: tzinfo) -> datetime | None:
    """The instant of a "done date" (UTC); None if it is none."""
    found = _DATE.fullmatch(done)
    if found is None:
        return None
    form = "%y%m%d%H%M" if len(found[1]) == 10 else "%y%m%d%H%M%S"
    try:
        # A clock that is set back says an hour twice: the first is meant, and no harm done.
        return datetime.strptime(found[1], form).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def state_of(pdu: Pdu, text: ReceiptText) -> str:
    """The state, as appendix B writes it. Raises `ReceiptError` where there is none."""
    told = pdu.tlvs.get(Tag.MESSAGE_STATE, b"")
    state = STATES.get(told[0]) if len(told) == 1 else None
    state = state or text.stat.upper()
    if state not in STATUSES:
        raise ReceiptError("stat is not one of " + ", ".join(STATES.values()))
    return state


def ref_of(pdu: Pdu, text: ReceiptText, form: MessageId) -> str:
    """The reference of the message. Raises `ReceiptError` where no id is quoted.

    The parameter repeats submit_sm_resp (§5.3.2.12), but carriers that merely copy the text's id
    into it write it as the text does.
    """
    told = pdu.tlvs.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1").strip()
    as_answered = told and told != text.id
    ref = submitted_ref(told, form) if as_answered else receipted_ref(text.id, form)
    if not ref or len(ref) > 200 or not ref.isprintable():
        raise ReceiptError("no message id")
    return ref


def error_of(pdu: Pdu, text: ReceiptText) -> str:
    """The network's error code, three digits for a number; "" where it names none."""
    told = pdu.tlvs.get(Tag.NETWORK_ERROR_CODE, b"")
    # Three octets: the kind of network, then the number (§5.3.2.31).
    code = f"{int.from_bytes(told[1:], 'big'):03d}" if len(told) == 3 else text.err
    return code if _ERR.fullmatch(code) and code.strip("0") else ""
