"""Whose fault a refusal is: by its words first, then by its enhanced code, then by its reply."""

from __future__ import annotations

import re
from dataclasses import dataclass

from channels.email.bounces.phrases import cause_of
from channels.email.codes import BY_CODE, BY_ENHANCED

_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(
    r"(?<![\d.:\w-])([45][0-5]\d)(?=[ -](?!\d+ ?(?:bytes|k|m|sec|min|hour|day))|$)", re.MULTILINE
)
_BARE = re.compile(r"(?<![\d.\w-])(?<!\d:)5[05]\d\b")
_VAGUE = re.compile(r"[45]\.0\.0|[45]\.5\.0|")

# Where in the conversation it was refused, as Postfix, Exim and m-FILTER report it. A server that
# took the recipient and says "user unknown" after the message filters what it read; one that says
# it to MAIL speaks of the sender.
_AFTER_DATA = re.compile(
    r"(?:in reply to|after) (?:the )?end of (?:data|message)|smtp command data\b", re.IGNORECASE
)
_BEFORE_RCPT = re.compile(
    r"(?:in reply to|after) (?:pipelined )?(?:sending )?(?:mail|helo|ehlo)\b|my name was rejected|"
    r"(?:initial|server) greeting|refused to talk to me|(?:after|to) initial connection",
    re.IGNORECASE,
)
_AT_RCPT = re.compile(
    r"\brcpt[ _]to\b|(?:in reply to|after) (?:pipelined )?(?:sending )?rcpt|"
    r"(?:not|n't) like recipient|rejected recipient",
    re.IGNORECASE,
)

# "User unknown" is a stock phrase of RFC 821, which filters say as well. A server that says of the
# account that there is none means it, even one that looks it up after the message only (QQ, Yahoo).
_SPELT_OUT = re.compile(
    r"does ?n[o']t (?:exist|have an? \S+ account)|non-?existent (?:account|mail ?box)|"
    r"(?:mail ?box|account|user) (?:was |is )?not found|不存在",
    re.IGNORECASE,
)

# "User unknown" under one of these is a filter that will not say so: the code names another cause
# than the address (RFC 3463: 2.0 mailbox, 3.0 system, 7.x policy).
_NOT_THE_ADDRESS = ("2.0", "3.0", "7.0", "7.1")


@dataclass(frozen=True, slots=True)
class Verdict:
    reason: str
    hard: bool
    status: str = ""
    reply_code: str = ""


def judge(said: str, status: str = "", around: str = "") -> Verdict:
    """What `said` means; `status` is what the report's own Status field claims, `around` the words
    that may tell when it was said.

    A code in the words is the refusing server's own; the Status field is often made up by the one
    that reports it.
    """
    spoken = _ENHANCED.search(said)
    code = spoken[1] if spoken and not _VAGUE.fullmatch(spoken[1]) else ""
    code = code or status or (spoken[1] if spoken else "")
    replied = _REPLY.search(said)
    reply = replied[1] if replied else ""
    detail = code.partition(".")[2]
    # Lines are broken anywhere: what none of them says, they may say together.
    cause = cause_of(said) or cause_of(" ".join(said.split()))
    if cause is not None:
        blamed = cause.reason == "domain_takes_no_mail" or _of_recipient(said, around, detail)
        hard = cause.hard and detail not in _NOT_THE_ADDRESS and blamed
        return Verdict(cause.reason, hard, code, reply)
    row = BY_ENHANCED.get(detail) or BY_CODE.get(int(reply or 0))
    if row is None:
        return Verdict("undefined", False, code, reply)
    hard = row.dead_contact and not code.startswith("4") and _of_recipient(said, around, detail)
    return Verdict(row.reason, hard, code, reply)


def _of_recipient(said: str, around: str, detail: str) -> bool:
    """It was said of the recipient and not of what was sent, or by whom.

    A bare "550 user unknown" is what filters say as well: without an enhanced code it counts only
    where it is seen to answer RCPT, or in words that are not a stock phrase.
    """
    told = " ".join(f"{said} {around}".split())
    if _BEFORE_RCPT.search(told):
        return False
    if detail.startswith("1.") or _AT_RCPT.search(told) or _SPELT_OUT.search(said):
        return True
    return not _AFTER_DATA.search(told) and (bool(detail) or not _BARE.search(told))
