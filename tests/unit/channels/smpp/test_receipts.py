"""Receipts of SMPP in text and in parameters, ids in every form, and what customers write."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Post
from channels.errors import ReceiptError
from channels.inbound import Meaning, StopWords, meaning_of
from channels.sms.smpp.heard import hear, post_of
from channels.sms.smpp.message_ids import receipted_ref, submitted_ref
from channels.sms.smpp.pdu import Command, Pdu, Tag, encode
from channels.sms.smpp.receipts import instant_of, read_text
from channels.sms.smpp.settings import MessageId, SmppSettings
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
VECTORS = DATA / "smpp-receipts.json"
HEARD_AT = datetime(2026, 3, 2, 8, 0, 30, tzinfo=UTC)
ACCOUNT = SmppSettings("smsc.example.com", 2775, "bills", "10690000")
TEXT = "id:0912209596 sub:001 dlvrd:001 submit date:2603020759 done date:2603020800 stat:{} err:{}"
M = MessageId


def receipt(
    text: str,
    account: SmppSettings = ACCOUNT,
    tlvs: dict[int, bytes] | None = None,
    esm_class: int = 4,
) -> Receipt:
    pdu = Pdu(
        Command.DELIVER_SM, numbers={"esm_class": esm_class}, octets=text.encode(), tlvs=tlvs or {}
    )
    (found,) = hear(post_of(encode(pdu), HEARD_AT), account).receipts
    return found


def inbound(
    octets: bytes, account: SmppSettings = ACCOUNT, sender: str = "8613800000000", **numbers: int
) -> Inbound:
    pdu = Pdu(
        Command.DELIVER_SM,
        texts={"source_addr": sender},
        numbers={"source_addr_ton": 1, **numbers},
        octets=octets,
    )
    told = hear(post_of(encode(pdu), HEARD_AT), account)
    assert told.receipts == ()
    (found,) = told.inbound
    return found


@pytest.mark.skipif(not VECTORS.is_file(), reason=f"no {VECTORS.name}: set REMINDERS_TEST_DATA")
def test_agrees_with_the_vectors() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert vectors
    for vector in vectors:
        found = read_text(vector["text"])
        for name in ("id", "stat", "err", "dlvrd", "done", "final", "delivered"):
            assert getattr(found, name) == vector[name], (name, vector)
        assert receipt(vector["text"]).at != HEARD_AT  # its date is read


@pytest.mark.parametrize(
    ("stat", "status"),
    [
        ("DELIVRD", ReceiptStatus.DELIVERED),
        ("delivrd", ReceiptStatus.DELIVERED),
        ("UNDELIV", ReceiptStatus.UNDELIVERED),
        ("EXPIRED", ReceiptStatus.UNDELIVERED),
        ("DELETED", ReceiptStatus.UNDELIVERED),
        ("REJECTD", ReceiptStatus.UNDELIVERED),
        ("ACCEPTD", ReceiptStatus.ACCEPTED),
        ("ENROUTE", ReceiptStatus.ACCEPTED),
        ("UNKNOWN", ReceiptStatus.ACCEPTED),
        ("SCHEDULED", ReceiptStatus.ACCEPTED),
        ("SKIPPED", ReceiptStatus.UNDELIVERED),
    ],
)
def test_each_state(stat: str, status: ReceiptStatus) -> None:
    found = receipt(TEXT.format(stat, "000"))
    assert found.status is status
    assert found.provider_ref == "0912209596"
    assert found.attempt_id == ""
    assert found.at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert found.reason == (stat.lower() if status is ReceiptStatus.UNDELIVERED else "")


@pytest.mark.parametrize(
    ("sender", "address"),
    [("8616100000001", "+8616100000001"), (ACCOUNT.source, ""), ("", "")],
)
def test_its_number_is_the_customers_and_never_our_own(sender: str, address: str) -> None:
    """It tells messages apart whose id was used again; some carriers leave our number there."""
    pdu = Pdu(
        Command.DELIVER_SM,
        texts={"source_addr": sender},
        numbers={"esm_class": 4, "source_addr_ton": 1},
        octets=TEXT.format("DELIVRD", "000").encode(),
    )
    (found,) = hear(post_of(encode(pdu), HEARD_AT), ACCOUNT).receipts
    assert found.address == address


def test_parameters_go_before_the_text() -> None:
    tlvs: dict[int, bytes] = {
        Tag.RECEIPTED_MESSAGE_ID: b"365F36BC\0",
        Tag.MESSAGE_STATE: b"\x05",
        Tag.NETWORK_ERROR_CODE: b"\x03\x00\x1b",
    }
    account = replace(ACCOUNT, message_id=M.HEX_TO_DEC, dead_errors=("027",))
    expected = Receipt(
        "", ReceiptStatus.UNDELIVERED, HEARD_AT, "912209596", "err_027", dead_contact=True
    )
    assert receipt("", account, tlvs) == expected
    # Beside a text that says the same in its own form, and without the mark of a receipt.
    found = receipt(TEXT.format("ENROUTE", "000"), account, tlvs, esm_class=0)
    assert found == replace(
        expected,
        at=datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        submitted_at=datetime(2026, 3, 2, 7, 59, tzinfo=UTC),
    )
    # A carrier that only copies the text's id writes it as the text does.
    tlvs[Tag.RECEIPTED_MESSAGE_ID] = b"0912209596\0"
    assert receipt(TEXT.format("ENROUTE", "000"), account, tlvs).provider_ref == "912209596"


@pytest.mark.parametrize("coding", [0, 8])
@pytest.mark.parametrize("written", ["ascii", "utf-16-be"])
def test_its_text_is_read_in_either_width_whatever_coding_it_claims(
    written: str, coding: int
) -> None:
    pdu = Pdu(
        Command.DELIVER_SM,
        numbers={"esm_class": 4, "data_coding": coding},
        tlvs={Tag.MESSAGE_PAYLOAD: TEXT.format("DELIVRD", "000").encode(written)},
    )
    (found,) = hear(post_of(encode(pdu), HEARD_AT), ACCOUNT).receipts
    assert (found.provider_ref, found.status) == ("0912209596", ReceiptStatus.DELIVERED)


def test_an_error_says_why_and_only_the_accounts_own_codes_blame_the_number() -> None:
    text = TEXT.format("UNDELIV", "075")
    assert receipt(text).reason == "err_075"
    assert not receipt(text).dead_contact
    assert receipt(text, replace(ACCOUNT, dead_errors=("075",))).dead_contact
    delivered = receipt(TEXT.format("DELIVRD", "075"), replace(ACCOUNT, dead_errors=("075",)))
    assert (delivered.reason, delivered.dead_contact) == ("", False)


def test_a_carrier_that_quotes_our_id_is_heard() -> None:
    attempt = "0197a3b2-1111-7222-8333-444455556666"
    account = replace(ACCOUNT, reference_tlv=0x1400)
    text = TEXT.format("DELIVRD", "000")
    assert receipt(text, account, {0x1400: attempt.encode()}).attempt_id == attempt
    assert receipt(text, account, {0x1400: b"strange"}).attempt_id == ""
    assert receipt(text, ACCOUNT, {0x1400: attempt.encode()}).attempt_id == ""


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        ("2603020800", datetime(2026, 3, 2, 0, 0, tzinfo=UTC)),
        ("260302080005", datetime(2026, 3, 2, 0, 0, 5, tzinfo=UTC)),
        ("20260302080005", datetime(2026, 3, 2, 0, 0, 5, tzinfo=UTC)),
        ("2613320800", None),
        ("0000000000", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_instant_is_the_carriers_local_time(done: str, expected: datetime | None) -> None:
    assert instant_of(done, ZoneInfo("Asia/Shanghai")) == expected


def test_a_field_that_is_empty_stays_so() -> None:
    found = read_text("id: sub: dlvrd:000 done date: stat:EXPIRED err:027\0")
    assert (found.id, found.sub, found.dlvrd, found.done) == ("", "", "000", "")
    assert (found.stat, found.err) == ("EXPIRED", "027")


def test_the_text_of_the_message_is_not_read_as_fields() -> None:
    found = read_text("id:1 stat:UNDELIV err:001 Text:id:2 stat:DELIVRD err:000")
    assert (found.id, found.stat, found.err) == ("1", "UNDELIV", "001")


@pytest.mark.parametrize(
    "text", ["", "id:1", "stat:DELIVRD", "id:1 stat:WELL", "id: stat:DELIVRD", "\0\xff"]
)
def test_a_receipt_without_sense_is_an_error(text: str) -> None:
    with pytest.raises(ReceiptError):
        receipt(text)


@pytest.mark.parametrize(
    ("form", "submitted", "receipted"),
    [
        (M.AS_IS, "00aF", "00aF"),
        (M.AS_IS, "msg-7/x", " msg-7/x "),
        (M.HEX_TO_DEC, "365F36BC", "0912209596"),
        (M.HEX_TO_DEC, "365f36bc", "912209596"),
        (M.HEX_TO_DEC, "00000010", "16"),
        (M.DEC_TO_HEX, "912209596", "365F36BC"),
        (M.DEC_TO_HEX, "0000000016", "10"),
        (M.AUTO, "365F36BC", "0912209596"),
        (M.AUTO, "0912209596", "365f36bc"),
        (M.AUTO, "0912209596", "912209596"),
        (M.AUTO, "0197a3b2-1111-7222", "0197a3b2-1111-7222"),
        (M.HEX_TO_DEC, "msg-7/x", "msg-7/x"),
    ],
)
def test_both_forms_of_an_id_are_one_reference(
    form: MessageId, submitted: str, receipted: str
) -> None:
    assert submitted_ref(submitted, form) == receipted_ref(receipted, form)


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 2**64 - 1), zeros=st.integers(0, 6))
def test_ids_of_any_number(number: int, zeros: int) -> None:
    in_hex, in_decimal = "0" * zeros + f"{number:x}", "0" * zeros + str(number)
    assert submitted_ref(in_hex, M.HEX_TO_DEC) == receipted_ref(in_decimal, M.HEX_TO_DEC)
    assert submitted_ref(in_decimal, M.DEC_TO_HEX) == receipted_ref(in_hex.upper(), M.DEC_TO_HEX)
    assert submitted_ref(in_decimal, M.AUTO) == receipted_ref(str(number), M.AUTO)


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("退订".encode("utf-16-be"), 8, "退订"),
        (b"STOP", 0, "STOP"),
        (b"STOP", 1, "STOP"),
        (b"Arr\xeat", 3, "Arrêt"),
        ("退订".encode("utf-16-be"), 0x18, "退订"),
        ("退订".encode("gb18030"), 15, "退订"),
    ],
)
def test_what_a_customer_writes(octets: bytes, coding: int, text: str) -> None:
    found = inbound(octets, data_coding=coding)
    assert (found.sender, found.text, found.at) == ("+8613800000000", text, HEARD_AT)
    assert found.ref
    assert "8613800000000" not in repr(found)


@pytest.mark.parametrize(
    ("octets", "tlvs", "text", "meaning"),
    [
        (b"\x05\x00\x03\x07\x02\x02t", {}, "(2/2) t", Meaning.OTHER),
        (b"\x05\x00\x03\x07\x02\x01STOP", {}, "(1/2) STOP", Meaning.OTHER),
        (b"\x06\x08\x04\x00\x07\x03\x02R", {}, "(2/3) R", Meaning.OTHER),
        (b"\x05\x00\x03\x07\x01\x01STOP", {}, "STOP", Meaning.STOP),
        (b"\x04\x24\x02\x01\x00STOP", {}, "STOP", Meaning.STOP),
        (b"N", {0x020E: b"\x02", 0x020F: b"\x02"}, "(2/2) N", Meaning.OTHER),
        (b"N", {0x020E: b"\x01", 0x020F: b"\x01"}, "N", Meaning.STOP),
        (b"N", {0x020E: b"\xff" * 2500, 0x020F: b"\x01"}, "N", Meaning.STOP),
    ],
)
def test_a_part_of_a_long_answer_says_which_and_is_no_word_by_itself(
    octets: bytes, tlvs: dict[int, bytes], text: str, meaning: Meaning
) -> None:
    """The 154th letter of a message is often a t, an n or an r, and alone in its part."""
    esm_class = 0 if tlvs else 0x40
    pdu = Pdu(Command.DELIVER_SM, numbers={"esm_class": esm_class}, octets=octets, tlvs=tlvs)
    (found,) = hear(post_of(encode(pdu), HEARD_AT), ACCOUNT).inbound
    assert found.text == text
    assert meaning_of(found.text, StopWords.of()) is meaning


@pytest.mark.parametrize(
    ("sender", "ton", "expected"),
    [
        ("8613800000000", 1, "+8613800000000"),
        ("+8613800000000", 0, "+8613800000000"),
        ("008613800000000", 0, "+8613800000000"),
        ("013800000000", 2, "+8613800000000"),
        ("13812345678", 0, "+8613812345678"),
        ("013812345678", 0, "+8613812345678"),
        ("15032345678", 0, "+8615032345678"),  # with +1 a number of Oregon
        ("16100000001", 0, "+8616100000001"),  # given out to nobody yet
        ("8613812345678", 0, "+8613812345678"),
        ("85261234567", 0, "+85261234567"),
        ("12025550123", 1, "+12025550123"),
        ("10086", 3, "10086"),
        ("Bank", 5, "Bank"),
    ],
)
def test_a_sender_is_written_as_contact_points_are(sender: str, ton: int, expected: str) -> None:
    account = replace(ACCOUNT, country_code="86")
    assert inbound(b"TD", account, sender, source_addr_ton=ton).sender == expected


def test_the_same_words_twice_are_two_messages_and_one_post_is_one() -> None:
    pdu = encode(Pdu(Command.DELIVER_SM, octets=b"STOP"))
    post = post_of(pdu, HEARD_AT)
    later = post_of(pdu, HEARD_AT.replace(minute=5))
    refs = [hear(each, ACCOUNT).inbound[0].ref for each in (post, post, later)]
    assert refs[0] == refs[1] != refs[2]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"heard_at": "2026-03-02T08:00:00", "pdu": ""}',
        b'{"heard_at": "2026-03-02T08:00:00Z", "pdu": "zz"}',
        b'{"heard_at": "2026-03-02T08:00:00Z", "pdu": "00"}',
        b'{"heard_at": 7, "pdu": 7}',
        b'{"heard_at": "0001-01-01T00:00:00+09:00", "pdu": "00"}',
        post_of(encode(Pdu(Command.SUBMIT_SM)), HEARD_AT).body,
    ],
)
def test_a_post_that_is_none_is_an_error(body: bytes) -> None:
    with pytest.raises(ReceiptError):
        hear(Post(body), ACCOUNT)
