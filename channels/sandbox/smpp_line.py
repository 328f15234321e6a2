"""A simulated carrier with an SMPP port: its receipts go over the sessions that hear.

It answers with ids in hexadecimal and quotes them in decimal, with zeros before them, as many do;
every other receipt says the same in optional parameters too.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import aiohttp

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.journal import Journal
from channels.sandbox.line import Office
from channels.sandbox.postman import Postman
from channels.sandbox.scripts import Said, Script, script_of_number
from channels.sandbox.sms_desk import Handled, SmsDesk, post_inbound
from channels.sandbox.smsc import MessageCentre
from channels.sms.smpp.errors import INVALID_DESTINATION, OK, SUBMIT_FAILED, SYSTEM_ERROR, THROTTLED
from channels.sms.smpp.parts import UDH_INDICATOR, Header, decoded, encoded, without_header
from channels.sms.smpp.pdu import Command, Pdu, Tag
from channels.sms.smpp.receipts import STATES

SENDER: Final = "10690000"
REFERENCE_TLV: Final = 0x1400  # the attempt id, for the journal alone: no receipt quotes it
_SYSTEM_ID: Final = "sandbox"
_RECEIPT: Final = 0x04  # esm_class
_STATUSES: Final = {
    "unknown_subscriber": INVALID_DESTINATION,
    "429": THROTTLED,
    "503": SYSTEM_ERROR,
}
# GSM 09.02 errors 27 and 1, as carriers put them into `err`.
_ERRORS: Final = {"absent_subscriber": "027", "unknown_subscriber": "001"}
_NUMBERS: Final = {state: number for number, state in STATES.items()}

_Respond = Callable[[int, str], None]


class SmppCarrier(Carrier):
    """Writes receipts as the fields of a deliver_sm."""

    def receipt(
        self, message: Handover, ref: str, said: Said, dated_at: datetime
    ) -> Mapping[str, object]:
        number, done = int(ref, 16), dated_at.astimezone(UTC)
        error = _ERRORS.get(said.error, "000")
        reached = "001" if said.status == "DELIVRD" else "000"
        return {
            "from": message.to,
            "text": f"id:{number:017d} sub:001 dlvrd:{reached} submit date:{done:%y%m%d%H%M%S} "
            f"done date:{done:%y%m%d%H%M%S} stat:{said.status} err:{error} text:",
            "id": "" if number % 2 else ref,
            "state": _NUMBERS[said.status],
        }


class SessionPostman(Postman):
    """Hands letters to a session that hears, instead of posting them by HTTP."""

    def __init__(self) -> None:
        super().__init__("", lambda found, url: (b"", {}), batch=1)
        self.centre: MessageCentre | None = None

    async def _once(
        self, session: aiohttp.ClientSession, url: str, found: Sequence[Mapping[str, object]]
    ) -> bool:
        if self.centre is None:
            return False
        for pdu in _delivers(found[0]):
            problem = await self.centre.deliver(pdu)
            if problem:
                self.last_error = problem
                return False
        return True


def _delivers(letter: Mapping[str, object]) -> list[Pdu]:
    """A receipt, or what a customer wrote: in parts if it is long."""
    sender = str(letter["from"]).removeprefix("+")
    plain = Pdu(
        Command.DELIVER_SM,
        texts={"source_addr": sender, "destination_addr": SENDER},
        numbers={"source_addr_ton": 1, "source_addr_npi": 1},
    )
    if "state" not in letter:
        text = encoded(str(letter["text"]))
        numbers = {**plain.numbers, "data_coding": text.coding}
        return [replace(plain, numbers=numbers, octets=body) for body in text.bodies()]
    tlvs: dict[int, bytes] = {}
    if letter["id"]:
        tlvs = {
            Tag.RECEIPTED_MESSAGE_ID: str(letter["id"]).encode("ascii") + b"\0",
            Tag.MESSAGE_STATE: bytes((int(str(letter["state"])),)),
        }
    numbers = {**plain.numbers, "esm_class": _RECEIPT}
    return [replace(plain, numbers=numbers, octets=str(letter["text"]).encode("ascii"), tlvs=tlvs)]


class SmppLine:
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._password = secrets.token_hex(4)
        self._wanted_port = office.ports.get(name, 0)
        postman = SessionPostman()
        journal = Journal(office.data / f"{name}.jsonl")
        self.carrier: Carrier = SmppCarrier(office.agenda, office.draws, journal, postman)
        self._desk = SmsDesk(self.carrier, self._id_of)
        self._parts: dict[tuple[str, str, int], dict[int, bytes]] = {}
        self.centre = MessageCentre((_SYSTEM_ID, self._password), self._submit)
        postman.centre = self.centre

    async def start(self) -> None:
        await self.centre.start(self._wanted_port)

    async def close(self) -> None:
        await self.centre.close()

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "smpp",
            "name": self._name,
            "host": "127.0.0.1",
            "port": self.centre.port,
            "system_id": _SYSTEM_ID,
            "password": self._password,
            "source": SENDER,
            "message_id": "hex_to_dec",
            "reference_tlv": REFERENCE_TLV,
        }

    def write_back(self, number: str, text: str) -> None:
        """A customer writes to the lender's number."""
        post_inbound(self.carrier, {"from": number, "text": text})

    def _id_of(self, message: Handover, count: int) -> str:
        return self.carrier.draws.message_id(f"{message.key}\0{count}").upper()

    def _submit(self, pdu: Pdu, respond: _Respond) -> None:
        octets = pdu.octets or pdu.tlvs.get(Tag.MESSAGE_PAYLOAD, b"")
        header: Header | None = None
        if pdu.number("esm_class") & UDH_INDICATOR:
            header, octets = without_header(octets)
        to = f"+{pdu.text('destination_addr')}"
        script = script_of_number(to)
        if header is not None:
            whole = self._collected(pdu, header, octets, script, respond)
            if whole is None:
                return
            # Its first part was asked; a carrier does not change its mind within a message.
            octets, script = whole, replace(script, refuses=0)
        if not pdu.number("registered_delivery") & 1:
            script = replace(script, receipts=())
        message = self._handover(pdu, octets, script)
        self._desk.receive([message], lambda got: _answer(got[0], respond), whole=True)

    def _collected(
        self, pdu: Pdu, header: Header, octets: bytes, script: Script, respond: _Respond
    ) -> bytes | None:
        """The octets of the whole with its last part; any other is answered here."""
        key = (pdu.text("source_addr"), pdu.text("destination_addr"), header.reference)
        parts = self._parts.setdefault(key, {})
        refused = not parts and self.carrier.refusals.refuse(script, f"+{key[1]}")
        parts[header.number] = octets
        if refused:
            del self._parts[key]
            message = self._handover(pdu, octets, script)
            self.carrier.requested(message)
            self.carrier.answered(message, "refused", script.refusal)
            _answer(Handled(message, "", script.refusal), respond)
        elif len(parts) == header.total:
            del self._parts[key]
            return b"".join(parts[number] for number in sorted(parts))
        else:
            respond(OK, self.carrier.draws.message_id(f"{key}{header.number}").upper())
        return None

    def _handover(self, pdu: Pdu, octets: bytes, script: Script) -> Handover:
        reference = pdu.tlvs.get(REFERENCE_TLV, b"").decode("ascii", "replace")
        text = decoded(octets, pdu.number("data_coding"))
        to = f"+{pdu.text('destination_addr')}"
        return Handover(reference, reference, to, text, script, time.time())


def _answer(handled: Handled, respond: _Respond) -> None:
    status = _STATUSES.get(handled.refusal, SUBMIT_FAILED) if handled.refusal else OK
    respond(status, handled.ref)


def open_line(name: str, office: Office) -> SmppLine:
    return SmppLine(name, office)
