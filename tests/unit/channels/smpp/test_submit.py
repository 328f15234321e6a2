"""What is submitted for a message, and what the answers to its parts mean together."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from channels.contract import Message
from channels.errors import AnswerLost, ChannelSettingsError, NotConnected
from channels.sms.smpp import SmppChannel, SmppSettings
from channels.sms.smpp.errors import BY_STATUS, NOT_BOUND, OK, THROTTLED, outcome_of
from channels.sms.smpp.pdu import Command, Pdu, Tag
from channels.sms.smpp.session import Session
from channels.sms.smpp.settings import Alphabet, Bind, LongMessages, MessageId
from channels.sms.smpp.submit import submit_all, submits_of
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain

ACCOUNT = SmppSettings("smsc.example.com", 2775, "bills", "10690000")
MESSAGE = Message("0197a3b2-1111-7222-8333-444455556666", "+8613800000000", "Due.", "en")
LONG = replace(MESSAGE, text="账" * 150)


class Scripted:
    """As much of a session as a message needs: a status for each request, or what it raises."""

    def __init__(self, *says: int | Exception) -> None:
        self._says = list(says)
        self.asked: list[Pdu] = []
        self.aborted = False

    async def request(self, pdu: Pdu, timeout_s: float) -> Pdu:
        self.asked.append(pdu)
        said = self._says.pop(0)
        if isinstance(said, Exception):
            raise said
        texts = {"message_id": f"ID{len(self.asked)}"} if said == OK else {}
        return Pdu(Command.SUBMIT_SM_RESP, said, texts=texts)

    def abort(self) -> None:
        self.aborted = True


def submit(session: Scripted, message: Message = LONG, within_s: float = 30.0) -> Outcome:
    return asyncio.run(
        submit_all(
            cast(Session, session),
            submits_of(message, ACCOUNT),
            time.monotonic() + within_s,
            MessageId.AS_IS,
            message.idempotency_key,
        )
    )


def test_one_part_asks_for_a_receipt_and_says_until_when() -> None:
    china = datetime(2026, 3, 2, 16, 0, tzinfo=UTC).astimezone()
    (pdu,) = submits_of(replace(MESSAGE, expires_at=china), ACCOUNT)
    assert pdu.text("destination_addr") == "8613800000000"
    assert pdu.text("validity_period") == "260302160000000+"
    assert (pdu.number("dest_addr_ton"), pdu.number("dest_addr_npi")) == (1, 1)
    assert (pdu.number("registered_delivery"), pdu.number("esm_class")) == (1, 0)
    assert (pdu.number("data_coding"), pdu.octets, pdu.tlvs) == (0, b"Due.", {})


def test_of_several_parts_the_last_asks_for_the_receipt() -> None:
    pdus = submits_of(LONG, ACCOUNT)
    assert [pdu.number("registered_delivery") for pdu in pdus] == [0, 0, 1]
    assert {pdu.number("esm_class") for pdu in pdus} == {0x40}
    assert {pdu.number("data_coding") for pdu in pdus} == {8}


def test_a_payload_is_one_message() -> None:
    account = replace(ACCOUNT, long_messages=LongMessages.PAYLOAD, reference_tlv=0x1400)
    (pdu,) = submits_of(LONG, account)
    assert (pdu.octets, pdu.number("registered_delivery")) == (b"", 1)
    assert pdu.tlvs[Tag.MESSAGE_PAYLOAD].decode("utf-16-be") == LONG.text
    assert pdu.tlvs[0x1400].decode() == LONG.idempotency_key
    (short,) = submits_of(MESSAGE, account)
    assert short.octets == b"Due."


@pytest.mark.parametrize(
    ("source", "ton", "npi"), [("10690000", 0, 1), ("+8610690000", 1, 1), ("Bank", 5, 0)]
)
def test_the_form_of_the_source_follows_from_how_it_is_written(
    source: str, ton: int, npi: int
) -> None:
    (pdu,) = submits_of(MESSAGE, replace(ACCOUNT, source=source))
    assert (pdu.number("source_addr_ton"), pdu.number("source_addr_npi")) == (ton, npi)
    (given,) = submits_of(MESSAGE, replace(ACCOUNT, source=source, source_ton=3, source_npi=8))
    assert (given.number("source_addr_ton"), given.number("source_addr_npi")) == (3, 8)


def test_a_carrier_whose_alphabet_is_latin_1() -> None:
    text = replace(MESSAGE, text="Fällig: 5 `")
    (pdu,) = submits_of(text, replace(ACCOUNT, alphabet=Alphabet.LATIN_1))
    assert (pdu.number("data_coding"), pdu.octets) == (0, "Fällig: 5 `".encode("latin-1"))


def test_the_last_id_is_the_messages() -> None:
    assert submit(Scripted(OK, OK, OK)) == Accepted("ID3")


@pytest.mark.parametrize("status", sorted(BY_STATUS))
def test_a_refusal_of_the_first_part_says_that_nothing_was_taken(status: int) -> None:
    session = Scripted(status)
    assert submit(session) == outcome_of(status)
    assert len(session.asked) == 1
    assert session.aborted is (status == NOT_BOUND)


def test_a_refusal_of_a_later_part_leaves_it_uncertain() -> None:
    assert submit(Scripted(OK, 0x45)) == Uncertain("part 2 refused: submit_failed")


def test_a_later_part_is_tried_again_while_the_carrier_is_busy() -> None:
    assert submit(Scripted(OK, THROTTLED, OK, OK)) == Accepted("ID4")
    slow = submit(Scripted(OK, THROTTLED, OK), within_s=0.1)
    assert slow == Uncertain("part 2 refused: throttled")


def test_an_end_between_parts_is_no_clean_slate() -> None:
    with pytest.raises(NotConnected):
        submit(Scripted(NotConnected("connect: over")))
    with pytest.raises(AnswerLost):
        submit(Scripted(OK, NotConnected("connect: over")))


def test_an_answer_without_an_id_is_accepted_all_the_same() -> None:
    class Nameless(Scripted):
        async def request(self, pdu: Pdu, timeout_s: float) -> Pdu:
            return Pdu(Command.SUBMIT_SM_RESP)

    assert submit(Nameless()) == Accepted(LONG.idempotency_key)


def test_only_the_invalid_number_blames_the_number() -> None:
    """SMPP 3.4 §5.1.3: of all codes ESME_RINVDSTADR alone is about the address."""
    blaming = {
        status
        for status in (*BY_STATUS, 0x400, 0x4FF, 0xFFFFFFFF)
        if isinstance(found := outcome_of(status), Permanent) and found.dead_contact
    }
    assert blaming == {0x0B}
    assert outcome_of(0x58) == Transient("throttled")
    assert outcome_of(0x14) == Transient("queue_full")
    assert outcome_of(0x42A) == Permanent("smpp_0x0000042a")


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "123456789"},
        {"system_id": "银行"},
        {"source": "1" * 21},
        {"bind": Bind.RECEIVER},
        {"listen_bind": Bind.TRANSMITTER},
        {"window": 0},
        {"enquire_link_every": timedelta(0)},
        {"reference_tlv": 0x0424},
        {"receipt_zone": "Asia/Atlantis"},
    ],
)
def test_settings_with_which_no_session_opens_are_refused(changes: dict[str, object]) -> None:
    fields = {name: getattr(ACCOUNT, name) for name in ACCOUNT.__dataclass_fields__}
    with pytest.raises(ChannelSettingsError):
        SmppChannel(SmppSettings(**{**fields, **changes}))
