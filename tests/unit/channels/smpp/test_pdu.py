"""The SMPP codec, beside one that others wrote."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smpplib import command as foreign  # type: ignore[import-untyped]  # it has no types

from channels.sms.smpp.pdu import LONGEST, Command, Pdu, PduError, Tag, Units, decode, encode

SUBMIT = Pdu(
    Command.SUBMIT_SM,
    sequence=7,
    texts={
        "service_type": "",
        "source_addr": "10690000",
        "destination_addr": "8613800000000",
        "schedule_delivery_time": "",
        "validity_period": "260302080000000+",
    },
    numbers={
        "source_addr_ton": 0,
        "source_addr_npi": 1,
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "esm_class": 0,
        "protocol_id": 0,
        "priority_flag": 0,
        "registered_delivery": 1,
        "replace_if_present_flag": 0,
        "data_coding": 8,
        "sm_default_msg_id": 0,
    },
    octets="到期".encode("utf-16-be"),
    tlvs={Tag.MESSAGE_PAYLOAD: b"payload"},
)

texts = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
octet = st.integers(0, 255)


def test_a_foreign_codec_reads_ours() -> None:
    unit = encode(SUBMIT)
    read = foreign.SubmitSM("submit_sm", need_sequence=False)
    read.parse(unit)
    assert (read.command, read.sequence, read.status) == ("submit_sm", 7, 0)
    assert read.destination_addr == b"8613800000000"
    assert read.validity_period == b"260302080000000+"
    assert (read.data_coding, read.registered_delivery) == (8, 1)
    assert read.short_message == SUBMIT.octets
    assert read.message_payload == b"payload"


def test_we_read_a_foreign_codec() -> None:
    made = foreign.DeliverSM(
        "deliver_sm",
        need_sequence=False,
        source_addr="8613800000000",
        source_addr_ton=1,
        destination_addr="10690000",
        esm_class=4,
        short_message=b"id:1 stat:DELIVRD",
        receipted_message_id="1",
    )
    made.sequence = 9
    pdu = decode(made.generate())
    assert (pdu.command, pdu.sequence) == (Command.DELIVER_SM, 9)
    assert pdu.text("source_addr") == "8613800000000"
    assert (pdu.number("source_addr_ton"), pdu.number("esm_class")) == (1, 4)
    assert pdu.octets == b"id:1 stat:DELIVRD"
    assert pdu.tlvs[Tag.RECEIPTED_MESSAGE_ID] == b"1\0"


@settings(max_examples=60, deadline=None)
@given(
    text=texts,
    octets=st.binary(max_size=254),
    tlvs=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=40), max_size=3),
    coding=octet,
)
def test_decodes_what_it_encodes(
    text: str, octets: bytes, tlvs: dict[int, bytes], coding: int
) -> None:
    pdu = Pdu(
        Command.DELIVER_SM,
        status=3,
        sequence=2**31 - 1,
        texts={**SUBMIT.texts, "destination_addr": text},
        numbers={**SUBMIT.numbers, "data_coding": coding},
        octets=octets,
        tlvs=tlvs,
    )
    assert decode(encode(pdu)) == pdu


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(list(Command)))
def test_anything_else_is_a_pdu_error_and_nothing_worse(body: bytes, command: Command) -> None:
    header = (len(body) + 16).to_bytes(4, "big") + command.to_bytes(4, "big") + bytes(8)
    for unit in (body, header + body):
        with suppress(PduError):
            decode(unit)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), max_size=12))
def test_a_stream_is_cut_where_the_units_end(cuts: list[int]) -> None:
    unit, enquiry = encode(SUBMIT), encode(Pdu(Command.ENQUIRE_LINK, sequence=1))
    stream = unit + enquiry + unit
    found: list[bytes] = []
    units, at = Units(), 0
    for size in (*cuts, len(stream)):
        found += units.feed(stream[at : at + size])
        at += size
    assert found == [unit, enquiry, unit]


@pytest.mark.parametrize("size", [0, 15, LONGEST + 1, 2**32 - 1])
def test_a_stream_without_sense_is_given_up(size: int) -> None:
    with pytest.raises(PduError):
        list(Units().feed(size.to_bytes(4, "big") + bytes(12)))


def test_a_refused_response_may_lack_its_body() -> None:
    unit = (16).to_bytes(4, "big") + Command.SUBMIT_SM_RESP.to_bytes(4, "big") + bytes(7) + b"\x01"
    assert decode(unit) == Pdu(Command.SUBMIT_SM_RESP, sequence=1)


@pytest.mark.parametrize("end", [b"\0", b"\0\0\0", b"\x04\x24\0\x09short"])
def test_what_is_no_whole_parameter_at_the_end_is_left(end: bytes) -> None:
    pdu = Pdu(Command.SUBMIT_SM_RESP, texts={"message_id": "7"}, tlvs={0x1400: b"x"})
    unit = encode(pdu) + end
    assert decode(len(unit).to_bytes(4, "big") + unit[4:]) == pdu


@pytest.mark.parametrize(
    ("texts", "octets"),
    [
        ({"source_addr": "1" * 21}, b""),
        ({"source_addr": "银行"}, b""),
        ({"source_addr": "1\x002"}, b""),
        ({}, bytes(255)),
    ],
)
def test_what_does_not_fit_is_not_cut(texts: dict[str, str], octets: bytes) -> None:
    with pytest.raises(PduError):
        encode(Pdu(Command.SUBMIT_SM, texts=texts, octets=octets))


def test_its_repr_is_silent_on_numbers_and_words() -> None:
    assert "8613800000000" not in repr(SUBMIT)
