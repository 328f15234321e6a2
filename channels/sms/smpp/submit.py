"""A message as submit_sm requests, and what came of them together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from channels.contract import Message
from channels.errors import AnswerLost, NotConnected
from channels.sms.faults import Kind
from channels.sms.smpp.errors import NOT_BOUND, OK, outcome_of, row_of
from channels.sms.smpp.message_ids import submitted_ref
from channels.sms.smpp.parts import UDH_INDICATOR, encoded, with_headers
from channels.sms.smpp.pdu import Command, Pdu, Tag
from channels.sms.smpp.session import Session
from channels.sms.smpp.settings import LongMessages, MessageId, SmppSettings
from reminders.domain.outcome import Accepted, Outcome, Uncertain

_RECEIPT: Final = 1  # registered_delivery (SMPP 3.4 §5.2.17): whatever became of it
_AGAIN_AFTER_S: Final = 0.25


def submits_of(message: Message, settings: SmppSettings) -> list[Pdu]:
    """The requests, in the order in which they must be taken.

    Of several parts only the last asks for a receipt, so that an attempt has one id and one
    receipt. A handset is given the parts in order, and the last seldom arrives without the others;
    a carrier that takes a payload receipts the whole. Raises `ValueError` for a text past 255
    parts.
    """
    text = encoded(message.text, settings.alphabet)
    bodies = text.bodies()
    if len(bodies) > 1 and settings.long_messages is LongMessages.PAYLOAD:
        return [_submit(message, settings, text.coding, b"", {Tag.MESSAGE_PAYLOAD: text.octets})]
    parts = with_headers(bodies, message.idempotency_key)
    esm_class = UDH_INDICATOR if len(parts) > 1 else 0
    return [
        _submit(message, settings, text.coding, part, {}, esm_class, last=part is parts[-1])
        for part in parts
    ]


def _submit(
    message: Message,
    settings: SmppSettings,
    coding: int,
    octets: bytes,
    tlvs: dict[int, bytes],
    esm_class: int = 0,
    *,
    last: bool = True,
) -> Pdu:
    ton, npi = _source_form(settings)
    if settings.reference_tlv:
        tlvs = {**tlvs, settings.reference_tlv: message.idempotency_key.encode("ascii")}
    return Pdu(
        Command.SUBMIT_SM,
        texts={
            "service_type": settings.service_type,
            "source_addr": settings.source.removeprefix("+"),
            "destination_addr": message.address.removeprefix("+"),
            "validity_period": _until(message.expires_at),
        },
        numbers={
            "source_addr_ton": ton,
            "source_addr_npi": npi,
            "dest_addr_ton": settings.dest_ton,
            "dest_addr_npi": settings.dest_npi,
            "esm_class": esm_class,
            "registered_delivery": _RECEIPT if last else 0,
            "data_coding": coding,
        },
        octets=octets,
        tlvs=tlvs,
    )


def _source_form(settings: SmppSettings) -> tuple[int, int]:
    """Type and plan of the source (§5.2.5, §5.2.6): +86… is international, a name alphanumeric,
    any other number left to the carrier."""
    if settings.source.startswith("+"):
        ton, npi = 1, 1
    else:
        ton, npi = (0, 1) if settings.source.isdigit() else (5, 0)
    return (
        ton if settings.source_ton is None else settings.source_ton,
        npi if settings.source_npi is None else settings.source_npi,
    )


def _until(expires_at: datetime | None) -> str:
    """An absolute time in UTC (§7.1.1): YYMMDDhhmmss, tenths, quarters of an hour off, sign."""
    return f"{expires_at.astimezone(UTC):%y%m%d%H%M%S}000+" if expires_at else ""


async def submit_all(
    session: Session, submits: Sequence[Pdu], until: float, form: MessageId, key: str
) -> Outcome:
    """Submit one after the other: a refusal of the first says that nothing was taken, and whatever
    stops a later one leaves a message in pieces, of which nobody knows what the phone shows.

    `until` is an instant of `time.monotonic()`. Raises `NotConnected` if nothing was written,
    `AnswerLost` if it is not known what was taken.
    """
    for number, submit in enumerate(submits):
        answer = await _taken(session, submit, until, insist=number > 0)
        if answer.status == OK:
            # An id that a carrier fails to give leaves it without a receipt, but accepted.
            ref = submitted_ref(answer.text("message_id"), form) or key
        elif number:
            return Uncertain(f"part {number + 1} refused: {row_of(answer.status).reason}")
        else:
            return outcome_of(answer.status)
    return Accepted(ref)


async def _taken(session: Session, submit: Pdu, until: float, *, insist: bool) -> Pdu:
    """The answer to one; with `insist`, again while the carrier only wants it slower."""
    while True:
        try:
            answer = await session.request(submit, until - time.monotonic())
        except NotConnected as error:
            if insist:
                raise AnswerLost("the connection ended between parts") from error
            raise
        if answer.status == NOT_BOUND:
            session.abort()  # bound or not: the next message binds anew
        passes = answer.status != OK and row_of(answer.status).kind is not Kind.NEVER
        if not (insist and passes and time.monotonic() + _AGAIN_AFTER_S < until):
            return answer
        await asyncio.sleep(_AGAIN_AFTER_S)
