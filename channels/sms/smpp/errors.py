"""command_status as outcomes: one row per code of SMPP 3.4 §5.1.3, table 5-2.

That a code passes or is for good: the specification's own words; where it says nothing, NowSMS's
"SMPP error code handling" (0x0A, 0x0B and 0x66 for good, the rest worth another try) and Mobius's
"Error handling" (0x08 and 0x58 worth another try). Our own malformed requests are for good: the
same one fails again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from channels.sms.faults import Fault, Kind
from channels.sms.faults import outcome_of as outcome_of_fault
from reminders.domain.outcome import Outcome

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


_never = partial(Fault, Kind.NEVER)
_later = partial(Fault, Kind.LATER)
_ours = partial(Fault, Kind.ACCOUNT)

BY_STATUS: Final[Mapping[int, Fault]] = {
    0x01: _never("too_long"),  # ESME_RINVMSGLEN
    0x02: _never("malformed"),  # ESME_RINVCMDLEN
    0x03: _never("malformed"),  # ESME_RINVCMDID
    0x04: _later("not_bound"),  # ESME_RINVBNDSTS
    0x05: _ours("already_bound"),  # ESME_RALYBND
    0x06: _never("malformed"),  # ESME_RINVPRTFLG
    0x07: _never("malformed"),  # ESME_RINVREGDLVFLG
    0x08: _later("system_error"),  # ESME_RSYSERR
    0x0A: _ours("source_refused"),  # ESME_RINVSRCADR: our account's, not the customer's
    0x0B: _never("invalid_number", dead_contact=True),  # ESME_RINVDSTADR
    0x0C: _never("malformed"),  # ESME_RINVMSGID
    0x0D: _later("bind_failed"),  # ESME_RBINDFAIL
    0x0E: _ours("credentials"),  # ESME_RINVPASWD
    0x0F: _ours("credentials"),  # ESME_RINVSYSID
    0x11: _never("malformed"),  # ESME_RCANCELFAIL
    0x13: _never("malformed"),  # ESME_RREPLACEFAIL
    0x14: _later("queue_full"),  # ESME_RMSGQFUL
    0x15: _ours("service_type_refused"),  # ESME_RINVSERTYP: our account's
    0x33: _never("malformed"),  # ESME_RINVNUMDESTS
    0x34: _never("malformed"),  # ESME_RINVDLNAME
    0x40: _never("malformed"),  # ESME_RINVDESTFLAG
    0x42: _never("malformed"),  # ESME_RINVSUBREP
    0x43: _never("malformed"),  # ESME_RINVESMCLASS
    0x44: _never("malformed"),  # ESME_RCNTSUBDL
    0x45: _never("submit_failed"),  # ESME_RSUBMITFAIL
    0x48: _ours("source_refused"),  # ESME_RINVSRCTON: our settings'
    0x49: _ours("source_refused"),  # ESME_RINVSRCNPI: our settings'
    0x50: _never("number_form_refused"),  # ESME_RINVDSTTON: our settings', not the number's
    0x51: _never("number_form_refused"),  # ESME_RINVDSTNPI: likewise
    0x53: _ours("credentials"),  # ESME_RINVSYSTYP
    0x54: _never("malformed"),  # ESME_RINVREPFLAG
    0x55: _never("malformed"),  # ESME_RINVNUMMSGS
    0x58: _later("throttled"),  # ESME_RTHROTTLED
    0x61: _never("malformed"),  # ESME_RINVSCHED
    0x62: _never("expiry_refused"),  # ESME_RINVEXPIRY
    0x63: _never("malformed"),  # ESME_RINVDFTMSGID
    0x64: _later("receiver_busy"),  # ESME_RX_T_APPN
    0x65: _never("receiver_refused"),  # ESME_RX_P_APPN
    0x66: _never("receiver_refused"),  # ESME_RX_R_APPN
    0x67: _never("malformed"),  # ESME_RQUERYFAIL
    0xC0: _never("malformed"),  # ESME_RINVOPTPARSTREAM
    0xC1: _never("parameter_refused"),  # ESME_ROPTPARNOTALLWD
    0xC2: _never("malformed"),  # ESME_RINVPARLEN
    0xC3: _never("parameter_missing"),  # ESME_RMISSINGOPTPARAM
    0xC4: _never("parameter_refused"),  # ESME_RINVOPTPARAMVAL
    0xFE: _never("delivery_failed"),  # ESME_RDELIVERYFAILURE
    0xFF: _never("unknown_error"),  # ESME_RUNKNOWNERR
}


def row_of(status: int) -> Fault:
    """The row of a status other than 0. A carrier's own (0x400 to 0x4FF) and what is reserved are
    for good, and never blame the number."""
    return BY_STATUS.get(status) or _never(f"smpp_0x{status & 0xFFFFFFFF:08x}")


def outcome_of(status: int) -> Outcome:
    """What a refused submit_sm means: a response with an error says that nothing was taken."""
    return outcome_of_fault(row_of(status))
