"""Enhanced status codes and SMTP replies as causes; each row with its source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    reason: str
    dead_contact: bool = False
    our_fault: bool = False  # credentials or sender: nothing taken, nothing said of the customer


# RFC 3463 unless another source is named; the class digit (5 or 4) is left off.
BY_ENHANCED: dict[str, Row] = {
    "1.1": Row("no_such_mailbox", dead_contact=True),
    "1.2": Row("no_such_domain", dead_contact=True),
    "1.3": Row("invalid_address", dead_contact=True),
    "1.6": Row("mailbox_moved", dead_contact=True),
    "1.8": Row("sender_refused", our_fault=True),
    "1.10": Row("domain_takes_no_mail", dead_contact=True),  # RFC 7505 §4.1, null MX
    "2.1": Row("mailbox_disabled", dead_contact=True),
    "2.2": Row("mailbox_full"),
    "2.3": Row("too_long"),
    "3.4": Row("too_long"),
    "3.2": Row("system"),
    "4.1": Row("no_answer"),
    "4.2": Row("no_answer"),
    "4.4": Row("no_route"),
    "4.6": Row("loop"),
    "4.7": Row("expired"),
    "5.2": Row("syntax"),
    "7.0": Row("policy"),
    "7.1": Row("policy"),
    "7.2": Row("policy"),
    "7.8": Row("credentials", our_fault=True),  # RFC 4954 §6
    "7.9": Row("credentials", our_fault=True),  # RFC 4954 §6
    "7.11": Row("credentials", our_fault=True),  # RFC 4954 §6
    "7.13": Row("mailbox_disabled"),  # IANA registry (RFC 5248): it may be enabled again
    "7.17": Row("mailbox_moved", dead_contact=True),  # RFC 7293, its owner changed
    "7.18": Row("mailbox_moved", dead_contact=True),  # RFC 7293, its domain's owner did
    "7.20": Row("dkim", our_fault=True),  # RFC 7372 §3.1
    "7.23": Row("spf", our_fault=True),  # RFC 7372 §3.2
    "7.25": Row("reverse_name", our_fault=True),  # RFC 7372 §3.3
    "7.26": Row("authentication", our_fault=True),  # RFC 7372 §3.4
    "7.27": Row("sender_refused", our_fault=True),  # RFC 7505 §4.2
}

# RFC 5321 §4.2.3 unless named. A bare 550 may be policy as well as "not found": no number or
# address is declared dead on it.
BY_CODE: dict[int, Row] = {
    530: Row("credentials", our_fault=True),  # RFC 4954 §6
    534: Row("credentials", our_fault=True),  # RFC 4954 §6
    535: Row("credentials", our_fault=True),  # RFC 4954 §6
    550: Row("refused"),
    551: Row("not_local", dead_contact=True),
    552: Row("mailbox_full"),
    553: Row("invalid_address", dead_contact=True),
    554: Row("refused"),
    556: Row("domain_takes_no_mail", dead_contact=True),  # RFC 7504 §4
}


def row_of(code: int, enhanced: str) -> Row:
    """The row for a 5xx reply; `enhanced` is like "5.1.1" or empty."""
    by_code = BY_CODE.get(code)
    if by_code is not None and by_code.our_fault:
        return by_code
    known = BY_ENHANCED.get(enhanced.partition(".")[2]) if enhanced else None
    return known or by_code or Row(f"smtp_{code}")
