"""SMPP 3.4 protocol data units as bytes and back; the same codec serves both ends of a session."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

RESPONSE: Final = 0x8000_0000
LONGEST: Final = 70_000  # a message_payload has up to 64 KiB (§5.3.2.32); nothing else comes near
_HEADER: Final = struct.Struct(">LLLL")


class PduError(ValueError):
    """Bytes that are no PDU, or fields that no PDU can hold; the message says why."""


class Command(IntEnum):
    """command_id (§5.1.2.1) of the operations that we speak."""

    BIND_RECEIVER = 0x01
    BIND_TRANSMITTER = 0x02
    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15
    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER_RESP = 0x8000_0002
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND_RESP = 0x8000_0006
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    ENQUIRE_LINK_RESP = 0x8000_0015


class Tag(IntEnum):
    """Optional parameters (§5.3.2)."""

    SC_INTERFACE_VERSION = 0x0210
    RECEIPTED_MESSAGE_ID = 0x001E
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


@dataclass(frozen=True, slots=True)
class Pdu:
    """One unit. Texts, numbers and octets are by the names of the specification; a field that is
    not given is empty or 0. Personal: numbers and words of customers are in it."""

    command: int
    status: int = 0
    sequence: int = 0
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    numbers: Mapping[str, int] = field(default_factory=dict, repr=False)
    octets: bytes = field(default=b"", repr=False)  # short_message
    tlvs: Mapping[int, bytes] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        return self.texts.get(name, "")

    def number(self, name: str) -> int:
        return self.numbers.get(name, 0)


_NUMBER, _OCTETS = 0, -1  # else: the most octets of a text, its final NUL among them
_Layout = tuple[tuple[str, int], ...]

_BIND: _Layout = (
    *(("system_id", 16), ("password", 9), ("system_type", 13), ("interface_version", _NUMBER)),
    *(("addr_ton", _NUMBER), ("addr_npi", _NUMBER), ("address_range", 41)),
)
_BOUND: _Layout = (("system_id", 16),)
_MESSAGE: _Layout = (
    *(("service_type", 6), ("source_addr_ton", _NUMBER), ("source_addr_npi", _NUMBER)),
    *(("source_addr", 21), ("dest_addr_ton", _NUMBER), ("dest_addr_npi", _NUMBER)),
    *(("destination_addr", 21), ("esm_class", _NUMBER), ("protocol_id", _NUMBER)),
    *(("priority_flag", _NUMBER), ("schedule_delivery_time", 17), ("validity_period", 17)),
    *(("registered_delivery", _NUMBER), ("replace_if_present_flag", _NUMBER)),
    *(("data_coding", _NUMBER), ("sm_default_msg_id", _NUMBER), ("short_message", _OCTETS)),
)
_MESSAGE_ID: _Layout = (("message_id", 65),)

_LAYOUTS: Final[Mapping[int, _Layout]] = {  # §4.1 to §4.11
    Command.BIND_RECEIVER: _BIND,
    Command.BIND_TRANSMITTER: _BIND,
    Command.BIND_TRANSCEIVER: _BIND,
    Command.BIND_RECEIVER_RESP: _BOUND,
    Command.BIND_TRANSMITTER_RESP: _BOUND,
    Command.BIND_TRANSCEIVER_RESP: _BOUND,
    Command.SUBMIT_SM: _MESSAGE,
    Command.DELIVER_SM: _MESSAGE,
    Command.SUBMIT_SM_RESP: _MESSAGE_ID,
    Command.DELIVER_SM_RESP: _MESSAGE_ID,
}


def encode(pdu: Pdu) -> bytes:
    """The unit as it goes over the wire. Raises `PduError` for a field that is too long."""
    body = b"".join(_field(pdu, name, kind) for name, kind in _LAYOUTS.get(pdu.command, ()))
    for tag, value in pdu.tlvs.items():
        body += struct.pack(">HH", tag, len(value)) + value
    return _HEADER.pack(len(body) + _HEADER.size, pdu.command, pdu.status, pdu.sequence) + body


def _field(pdu: Pdu, name: str, kind: int) -> bytes:
    if kind == _NUMBER:
        return bytes((pdu.number(name),))
    if kind == _OCTETS:
        if len(pdu.octets) > 254:
            raise PduError(f"{name} has more than 254 octets")
        return bytes((len(pdu.octets),)) + pdu.octets
    try:
        text = pdu.text(name).encode("latin-1")
    except UnicodeEncodeError:
        raise PduError(f"{name} is not in Latin-1") from None
    if len(text) >= kind or b"\0" in text:
        raise PduError(f"{name} has more than {kind - 1} characters, or a NUL")
    return text + b"\0"


def decode(unit: bytes) -> Pdu:
    """The unit of whole bytes. Raises `PduError`. Texts may be longer than the specification lets
    them be, a response may lack its body, and what stands at the end may be no whole parameter:
    all are common, and all are read."""
    if len(unit) < _HEADER.size:
        raise PduError("shorter than its header")
    length, command, status, sequence = _HEADER.unpack_from(unit)
    if length != len(unit):
        raise PduError("its length is another")
    body = _Body(unit, _HEADER.size)
    texts: dict[str, str] = {}
    numbers: dict[str, int] = {}
    octets = b""
    for name, kind in _LAYOUTS.get(command, ()):
        if command & RESPONSE and body.over:
            break
        if kind == _NUMBER:
            numbers[name] = body.number()
        elif kind == _OCTETS:
            octets = body.take(body.number())
        else:
            texts[name] = body.text()
    return Pdu(command, status, sequence, texts, numbers, octets, body.tlvs())


def header_of(unit: bytes) -> Pdu:
    """What a unit that `Units` cut is, and which one it is or answers; nothing of its body."""
    _, command, status, sequence = _HEADER.unpack_from(unit)
    return Pdu(command, status, sequence)


class _Body:
    """What is left of a unit."""

    def __init__(self, unit: bytes, at: int) -> None:
        self._unit = unit
        self._at = at

    @property
    def over(self) -> bool:
        return self._at >= len(self._unit)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._unit):
            raise PduError("ends within a field")
        taken, self._at = self._unit[self._at : end], end
        return taken

    def number(self) -> int:
        return self.take(1)[0]

    def text(self) -> str:
        end = self._unit.find(b"\0", self._at)
        if end < 0:
            raise PduError("ends within a text")
        return self.take(end + 1 - self._at)[:-1].decode("latin-1")

    def tlvs(self) -> dict[int, bytes]:
        found = {}
        with suppress(PduError):
            while not self.over:
                tag, size = struct.unpack(">HH", self.take(4))
                found[tag] = self.take(size)
        return found


class Units:
    """Cuts a stream of bytes into units."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The units that are whole with `data`. Raises `PduError` where the stream makes no sense:
        such a connection can only be closed."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            size = int.from_bytes(self._buffer[:4], "big")
            if not _HEADER.size <= size <= LONGEST:
                raise PduError(f"a unit of {size} octets")
            if len(self._buffer) < size:
                return
            unit = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield unit
