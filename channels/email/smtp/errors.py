"""SMTP refusals as outcomes."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

from channels.email.codes import row_of
from channels.email.smtp.reply import SmtpReply
from reminders.domain.outcome import Outcome, Permanent, Transient

# RFC 6647: a greylisting server lets a known sender in after some minutes; postgrey's and rspamd's
# default is five.
GREYLISTED_FOR = timedelta(minutes=5)
_GREY = re.compile(r"gr[ea]y ?-?list", re.IGNORECASE)


class Stage(StrEnum):
    """Where in the conversation a reply was heard."""

    HELLO = "hello"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"


def outcome_of(stage: Stage, reply: SmtpReply) -> Outcome:
    """What a refusal means: before and at the final dot, a reply says that nothing was taken."""
    if reply.code < 500 and _GREY.search(" ".join(reply.lines)):
        return Transient(f"greylisted at {stage}", GREYLISTED_FOR)
    if reply.code < 500 or stage is Stage.HELLO:
        return Transient(f"smtp {reply.code} at {stage}")
    row = row_of(reply.code, reply.enhanced)
    if row.our_fault:
        return Transient(f"{row.reason} refused ({reply.code})")
    # What is said of the sender cannot blame the recipient's address.
    return Permanent(row.reason, row.dead_contact and stage is not Stage.MAIL)
