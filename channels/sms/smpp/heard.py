"""What a carrier's deliver_sm says: as it waits on the stream, and as receipts and messages."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from channels.contract import Post, Told
from channels.errors import ReceiptError
from channels.numbers import NumberType, describe
from channels.receipts import is_reference
from channels.sms.smpp.parts import UDH_INDICATOR, Header, decoded, without_header
from channels.sms.smpp.pdu import Command, Pdu, PduError, Tag, decode
from channels.sms.smpp.receipts import (
    STATUSES,
    ReceiptText,
    error_of,
    instant_of,
    read_text,
    ref_of,
    state_of,
)
from channels.sms.smpp.settings import SmppSettings
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus, Word

# Message types of esm_class (SMPP 3.4 §5.2.12): a receipt, and an intermediate notification.
_TYPE = 0x3C
_RECEIPTS = (0x04, 0x20)


def post_of(unit: bytes, heard_at: datetime) -> Post:
    """A unit as a post: whole, with the instant at which it was heard."""
    body = json.dumps({"heard_at": heard_at.isoformat(), "pdu": unit.hex()})
    return Post(body.encode("ascii"), {"content-type": "application/json"})


def hear(post: Post, settings: SmppSettings) -> Told:
    """What a post of `post_of` says. Raises `ReceiptError`."""
    unit, heard_at = _unit(post.body)
    try:
        pdu = decode(unit)
    except PduError as error:
        raise ReceiptError(f"no PDU: {error}") from error
    if pdu.command != Command.DELIVER_SM:
        raise ReceiptError("no deliver_sm")
    if (pdu.number("esm_class") & _TYPE) in _RECEIPTS or Tag.RECEIPTED_MESSAGE_ID in pdu.tlvs:
        return Told(receipts=(_receipt(pdu, heard_at, settings),))
    return Told(inbound=(_inbound(pdu, unit, heard_at, settings),))


def _unit(body: bytes) -> tuple[bytes, datetime]:
    try:
        found = json.loads(body)
        heard_at = datetime.fromisoformat(found["heard_at"])
        unit = bytes.fromhex(found["pdu"])
        if heard_at.tzinfo is None:
            raise ReceiptError("heard_at has no time zone")
        return unit, heard_at.astimezone(UTC)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        if isinstance(error, ReceiptError):
            raise
        raise ReceiptError(f"not a unit that was heard: {type(error).__name__}") from error


def _octets(pdu: Pdu) -> tuple[Header | None, bytes]:
    """The octets of the text, and which part of a long one they are, by header or parameters."""
    octets = pdu.octets or pdu.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")
    if pdu.number("esm_class") & UDH_INDICATOR:
        return without_header(octets)
    told = [pdu.tlvs.get(tag, b"") for tag in (Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)]
    total, number = (value[0] if len(value) == 1 else 0 for value in told)  # §5.3.2.23: one octet
    return (Header(0, total, number) if total else None), octets


def _receipt(pdu: Pdu, heard_at: datetime, settings: SmppSettings) -> Receipt:
    text = _text(_octets(pdu)[1])
    state = state_of(pdu, text)
    status = STATUSES[state]
    error = error_of(pdu, text)
    gone = status is ReceiptStatus.UNDELIVERED
    zone = ZoneInfo(settings.receipt_zone)
    return Receipt(
        attempt_id=_attempt(pdu, settings.reference_tlv),
        status=status,
        at=instant_of(text.done, zone) or heard_at,
        provider_ref=ref_of(pdu, text, settings.message_id),
        reason=_reason(state, error, settings) if gone else "",
        dead_contact=gone and error in settings.dead_errors,
        address=_recipient(pdu, settings),
        submitted_at=instant_of(text.submitted, zone),
    )


def _text(octets: bytes) -> ReceiptText:
    """In one octet a character or in two: data_coding may still be that of our own message."""
    text = read_text(octets.decode("latin-1"))
    return text if text.id or text.stat else read_text(octets.decode("utf-16-be", "replace"))


def _reason(state: str, error: str, settings: SmppSettings) -> str:
    if error in settings.suspended_errors:
        return Word.SUSPENDED
    return f"err_{error.lower()}" if error else state.lower()


def _recipient(pdu: Pdu, settings: SmppSettings) -> str:
    """Whose receipt it is: it comes from the number that the message went to. Where a carrier
    leaves our own number there, as in the message, it says nothing."""
    sender = pdu.text("source_addr").strip()
    ours = settings.source.lstrip("+") == sender.lstrip("+")
    return "" if ours else _sender(pdu, settings.country_code)


def _attempt(pdu: Pdu, tag: int) -> str:
    """Our own attempt id, from a carrier that quotes it."""
    told = pdu.tlvs.get(tag, b"").rstrip(b"\0").decode("latin-1")
    return told if tag and is_reference(told) else ""


def _inbound(pdu: Pdu, unit: bytes, heard_at: datetime, settings: SmppSettings) -> Inbound:
    """A part of a long message is a message of its own that says which part it is: a word alone in
    one ("t", behind 153 letters) is no answer, and a person puts them in their order.

    A deliver_sm has no id. Its digest and the instant tell one from the next; a second copy, sent
    because our answer was lost, counts as a message: better twice than a STOP not heard.
    """
    part, octets = _octets(pdu)
    text = decoded(octets, pdu.number("data_coding"), settings.alphabet)
    if part is not None and part.total > 1:
        text = f"({part.number}/{part.total}) {text}"
    digest = hashlib.blake2b(unit, digest_size=8).hexdigest()
    return Inbound(
        sender=_sender(pdu, settings.country_code),
        text=text.replace("\0", ""),
        at=heard_at,
        ref=f"{heard_at.timestamp():.6f}-{digest}",
    )


def _sender(pdu: Pdu, country_code: str) -> str:
    """The number as contact points have it, E.164; what is no number stays as it is."""
    address = pdu.text("source_addr").strip()
    digits = address.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return address
    if address.startswith("+"):
        return address
    ton, whole = pdu.number("source_addr_ton"), f"+{digits.removeprefix('00')}"
    national = f"+{country_code}{digits.lstrip('0')}" if country_code else ""
    if national and (ton == 2 or (ton == 0 and _lacks_country(national, whole))):
        return national  # (§5.2.5), often with its trunk 0
    # International, or unknown: most carriers leave it at that and write the country code.
    return whole if ton in (0, 1) else address


def _lacks_country(national: str, whole: str) -> bool:
    """What the plan makes of a number of unknown type: who writes has a mobile, mostly at home."""
    here = describe(national)
    mobile = here.valid and here.may_be(NumberType.MOBILE)
    return mobile or (here.possible and not describe(whole).valid)
