"""command_status as outcomes: one row per code of SMPP 3.4 §5.1.3, table 5-2.

That a code passes or is for good: the specification's own words; where it says nothing, NowSMS's
"SMPP error code handling" (0x0A, 0x0B and 0x66 for good, the rest worth another try) and Mobius's
"Error handling" (0x08 and 0x58 worth another try). Our own malformed requests are for good: the
same one fails again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reminders.domain.outcome import Outcome, Permanent, Transient

OK: Final = 0x00
INVALID_COMMAND: Final = 0x03
NOT_BOUND: Final = 0x04
SYSTEM_ERROR: Final = 0x08
INVALID_DESTINATION: Final = 0x0B
BIND_FAILED: Final = 0x0D
INVALID_PASSWORD: Final = 0x0E
QUEUE_FULL: Final = 0x14
SUBMIT_FAILED: Final = 0x45
THROTTLED: Final = 0x58


@dataclass(frozen=True, slots=True)
class Row:
    reason: str
    passes: bool = False  # nothing was taken, and it may be later or elsewhere
    dead_contact: bool = False


BY_STATUS: Final[dict[int, Row]] = {
    0x01: Row("too_long"),  # ESME_RINVMSGLEN
    0x02: Row("malformed"),  # ESME_RINVCMDLEN
    0x03: Row("malformed"),  # ESME_RINVCMDID
    0x04: Row("not_bound", passes=True),  # ESME_RINVBNDSTS
    0x05: Row("already_bound", passes=True),  # ESME_RALYBND
    0x06: Row("malformed"),  # ESME_RINVPRTFLG
    0x07: Row("malformed"),  # ESME_RINVREGDLVFLG
    0x08: Row("system_error", passes=True),  # ESME_RSYSERR
    0x0A: Row("source_refused", passes=True),  # ESME_RINVSRCADR: our account's, not the customer's
    0x0B: Row("invalid_number", dead_contact=True),  # ESME_RINVDSTADR
    0x0C: Row("malformed"),  # ESME_RINVMSGID
    0x0D: Row("bind_failed", passes=True),  # ESME_RBINDFAIL
    0x0E: Row("credentials", passes=True),  # ESME_RINVPASWD
    0x0F: Row("credentials", passes=True),  # ESME_RINVSYSID
    0x11: Row("malformed"),  # ESME_RCANCELFAIL
    0x13: Row("malformed"),  # ESME_RREPLACEFAIL
    0x14: Row("queue_full", passes=True),  # ESME_RMSGQFUL
    0x15: Row("service_type_refused", passes=True),  # ESME_RINVSERTYP: our account's
    0x33: Row("malformed"),  # ESME_RINVNUMDESTS
    0x34: Row("malformed"),  # ESME_RINVDLNAME
    0x40: Row("malformed"),  # ESME_RINVDESTFLAG
    0x42: Row("malformed"),  # ESME_RINVSUBREP
    0x43: Row("malformed"),  # ESME_RINVESMCLASS
    0x44: Row("malformed"),  # ESME_RCNTSUBDL
    0x45: Row("submit_failed"),  # ESME_RSUBMITFAIL
    0x48: Row("source_refused", passes=True),  # ESME_RINVSRCTON: our settings'
    0x49: Row("source_refused", passes=True),  # ESME_RINVSRCNPI: our settings'
    0x50: Row("number_form_refused"),  # ESME_RINVDSTTON: our settings', not the number's
    0x51: Row("number_form_refused"),  # ESME_RINVDSTNPI: likewise
    0x53: Row("credentials", passes=True),  # ESME_RINVSYSTYP
    0x54: Row("malformed"),  # ESME_RINVREPFLAG
    0x55: Row("malformed"),  # ESME_RINVNUMMSGS
    0x58: Row("throttled", passes=True),  # ESME_RTHROTTLED
    0x61: Row("malformed"),  # ESME_RINVSCHED
    0x62: Row("expiry_refused"),  # ESME_RINVEXPIRY
    0x63: Row("malformed"),  # ESME_RINVDFTMSGID
    0x64: Row("receiver_busy", passes=True),  # ESME_RX_T_APPN
    0x65: Row("receiver_refused"),  # ESME_RX_P_APPN
    0x66: Row("receiver_refused"),  # ESME_RX_R_APPN
    0x67: Row("malformed"),  # ESME_RQUERYFAIL
    0xC0: Row("malformed"),  # ESME_RINVOPTPARSTREAM
    0xC1: Row("parameter_refused"),  # ESME_ROPTPARNOTALLWD
    0xC2: Row("malformed"),  # ESME_RINVPARLEN
    0xC3: Row("parameter_missing"),  # ESME_RMISSINGOPTPARAM
    0xC4: Row("parameter_refused"),  # ESME_RINVOPTPARAMVAL
    0xFE: Row("delivery_failed"),  # ESME_RDELIVERYFAILURE
    0xFF: Row("unknown_error"),  # ESME_RUNKNOWNERR
}


def row_of(status: int) -> Row:
    """The row of a status other than 0. A carrier's own (0x400 to 0x4FF) and what is reserved are
    for good, and never blame the number."""
    return BY_STATUS.get(status) or Row(f"smpp_0x{status & 0xFFFFFFFF:08x}")


def outcome_of(status: int) -> Outcome:
    """What a refused submit_sm means: a response with an error says that nothing was taken."""
    row = row_of(status)
    return Transient(row.reason) if row.passes else Permanent(row.reason, row.dead_contact)
