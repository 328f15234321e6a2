"""What an SMPP account needs to be told, and what the planner may expect of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from channels.contract import Capabilities, Confirms, WhenUncertain
from channels.errors import ChannelSettingsError


class Bind(StrEnum):
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


class MessageId(StrEnum):
    """How the message id of a submit_sm_resp comes back in a receipt."""

    AS_IS = "as_is"  # the same text
    HEX_TO_DEC = "hex_to_dec"  # answered in hexadecimal, receipted in decimal
    DEC_TO_HEX = "dec_to_hex"  # the other way round
    AUTO = "auto"  # told by its letters: see `channels.sms.smpp.message_ids`


class LongMessages(StrEnum):
    PARTS = "parts"  # several submit_sm with concatenation headers
    PAYLOAD = "payload"  # one submit_sm with a message_payload


class Alphabet(StrEnum):
    """What data_coding 0, the carrier's own default, means."""

    GSM = "gsm"
    LATIN_1 = "latin-1"


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """One account at one carrier. A worker process binds as `bind` when it sends, the listening
    process as `listen_bind`; each is a session, and carriers limit the sessions of an account.

    `source` is the number or name that customers see; its type of number follows from how it is
    written unless `source_ton` and `source_npi` are given. `receipt_zone` is the zone of a
    receipt's dates (IANA). `dead_errors` are the carrier's own `err` codes that say that the number
    is no more, `suspended_errors` those that say that it is out of service for now. `reference_tlv`
    is the tag of the carrier's own parameter (0x1400 to 0x3FFF) that takes our attempt id, and may
    quote it in receipts; 0: there is none. `country_code` completes the numbers of customers that
    come without theirs.
    """

    host: str
    port: int
    system_id: str
    source: str
    password: str = field(default="", repr=False)
    name: str = "smpp"
    system_type: str = ""
    bind: Bind = Bind.TRANSMITTER
    listen_bind: Bind = Bind.RECEIVER
    tls: bool = False
    ca_file: str = ""
    source_ton: int | None = None
    source_npi: int | None = None
    dest_ton: int = 1  # international
    dest_npi: int = 1  # ISDN, E.164
    service_type: str = ""
    alphabet: Alphabet = Alphabet.GSM
    long_messages: LongMessages = LongMessages.PARTS
    message_id: MessageId = MessageId.AS_IS
    receipt_zone: str = "UTC"
    dead_errors: tuple[str, ...] = ()
    suspended_errors: tuple[str, ...] = ()
    reference_tlv: int = 0
    country_code: str = ""
    window: int = 10  # submit_sm that wait for their answer at once, of one session
    enquire_link_every: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=10)
    rate_per_s: float = 50.0
    cost_minor: int = 5
    weight: float = 1.0
    prefixes: tuple[str, ...] = ()


# Ten segments, as for every SMS: a longer text is a mistake in a template.
_MAX_CHARS = 670
# By length of a C-octet string, the final NUL off (SMPP 3.4 §4.1.1, §4.4.1).
_LONGEST = {"system_id": 15, "password": 8, "system_type": 12, "source": 20, "service_type": 5}


def capabilities(settings: SmppSettings) -> Capabilities:
    """SMPP knows no idempotency key and cannot be asked without the id that never came."""
    return Capabilities(
        channel="sms",
        confirms=Confirms.DELIVERED,
        idempotent=False,
        when_uncertain=WhenUncertain.WAIT,
        rate_per_s=settings.rate_per_s,
        concurrency=settings.window,
        timeout=settings.timeout,
        max_chars=_MAX_CHARS,
        cost_minor=settings.cost_minor,
        weight=settings.weight,
        prefixes=settings.prefixes,
        quotes_ref=True,
    )


def check(settings: SmppSettings) -> None:
    """Raises `ChannelSettingsError` for what no session could be opened with."""
    for name, longest in _LONGEST.items():
        value = getattr(settings, name)
        if len(value) > longest or not value.isascii() or not value.isprintable():
            raise ChannelSettingsError(f"{name} has at most {longest} ASCII characters")
    if settings.bind is Bind.RECEIVER or settings.listen_bind is Bind.TRANSMITTER:
        raise ChannelSettingsError("a receiver cannot send, and a transmitter hears nothing")
    if settings.window < 1 or settings.enquire_link_every <= timedelta(0):
        raise ChannelSettingsError("window and enquire_link_every must be above 0")
    if settings.reference_tlv and not 0x1400 <= settings.reference_tlv <= 0x3FFF:
        raise ChannelSettingsError("reference_tlv is of 0x1400 to 0x3FFF, or 0")
    try:
        ZoneInfo(settings.receipt_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ChannelSettingsError("receipt_zone is no zone of the IANA database") from None
