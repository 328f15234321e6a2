"""How the simulated carriers behave, by number and by domain: the tables are the documentation.

A number `+861SS########` follows script SS; any other number is delivered to. An address follows
the script of its domain; any other domain is delivered to. Tokens, ids and web addresses follow
script SS where they hold `sSS-` at their beginning or after one of `: / _ -`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

# Business time from acceptance to what happens next. Few and round, so that a virtual clock has
# few steps to make.
DELAYS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=120))
SLOW_ANSWER_S = 0.1  # machine time, under any client's time-out
RETRY_AFTER_S = 30
ALWAYS = -1
_MARK = re.compile(r"(?:^|[:/_-])s([0-9]{2})-")


@dataclass(frozen=True, slots=True)
class Said:
    """One receipt: its status, and when, after the drawn delay, it is posted and dated."""

    status: str
    error: str = ""
    posted_after: timedelta = timedelta(0)
    dated_before: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Script:
    """What one carrier does with a message. `refusal` is an error code or an SMTP reply line.

    The carrier refuses the first `refuses` tries to an address (`ALWAYS`: all of them; with
    `or_once_more` a seeded draw adds one), then takes the next and begins anew; with `remembers`
    it never refuses that address again.
    """

    name: str
    refusal: str = ""
    refuses: int = 0
    or_once_more: bool = False
    remembers: bool = False
    answers: bool = True
    answer_after_s: float = 0.0
    takes: bool = True
    reaches: bool = True
    receipts: tuple[Said, ...] = ()


_DELIVERED = Said("DELIVRD")
_BOUNCE = Said("bounced", error="5.1.1")
_MAILBOX_FULL = Said("bounced", error="5.2.2")

SMS_SCRIPTS: dict[str, Script] = {
    "00": Script("deliver", receipts=(_DELIVERED,)),
    "01": Script("silent", reaches=False),
    "02": Script("unknown", refusal="unknown_subscriber", refuses=ALWAYS),
    "03": Script("rate_limited", refusal="429", refuses=1, receipts=(_DELIVERED,)),
    "04": Script("flaky", refusal="503", refuses=1, or_once_more=True, receipts=(_DELIVERED,)),
    "05": Script("hang", answers=False, receipts=(_DELIVERED,)),
    "06": Script(
        "echo",
        receipts=(
            _DELIVERED,
            _DELIVERED,
            Said("ACCEPTD", posted_after=timedelta(seconds=30), dated_before=timedelta(seconds=1)),
            Said("DELIVRD", posted_after=timedelta(seconds=120)),
        ),
    ),
    "07": Script("slow", answer_after_s=SLOW_ANSWER_S, receipts=(_DELIVERED,)),
    "08": Script("undelivered", reaches=False, receipts=(Said("UNDELIV", "absent_subscriber"),)),
    "09": Script("down", refusal="503", refuses=ALWAYS),
    "10": Script("late_receipt", receipts=(Said("DELIVRD", posted_after=timedelta(hours=6)),)),
    "11": Script("lost", answers=False, takes=False, reaches=False),
}

EMAIL_SCRIPTS: dict[str, Script] = {
    "deliver.example.com": Script("deliver"),
    "bounce.example.com": Script("bounce", reaches=False, receipts=(_BOUNCE,)),
    "reject.example.com": Script(
        "reject", refusal="550 5.1.1 no such mailbox here", refuses=ALWAYS
    ),
    "greylist.example.com": Script(
        "greylist", refusal="451 4.7.1 greylisted, try again later", refuses=1, remembers=True
    ),
    "hang.example.com": Script("hang", answers=False),
    "down.example.com": Script(
        "down", refusal="421 4.3.2 service not available, closing", refuses=ALWAYS
    ),
    "silent.example.com": Script("silent", reaches=False),
    "slow.example.com": Script("slow", answer_after_s=SLOW_ANSWER_S),
    "full.example.com": Script("full", reaches=False, receipts=(_MAILBOX_FULL,)),
    "complains.example.com": Script("complains", receipts=(Said("complained"),)),
    "opens.example.com": Script("opens", receipts=(Said("opened"),)),
}


def script_of_number(number: str) -> Script:
    if number.startswith("+861") and len(number) == 14:
        return SMS_SCRIPTS.get(number[4:6], SMS_SCRIPTS["00"])
    return SMS_SCRIPTS["00"]


def script_of_address(address: str) -> Script:
    domain = address.rpartition("@")[2].lower()
    return EMAIL_SCRIPTS.get(domain, EMAIL_SCRIPTS["deliver.example.com"])


def script_of_mark(address: str) -> Script:
    """The script of a device token, an OpenID or a web address: `fcm:s02-…`, `…/hook/s04-7`."""
    found = _MARK.search(address)
    return SMS_SCRIPTS.get(found[1], SMS_SCRIPTS["00"]) if found else SMS_SCRIPTS["00"]


class Draws:
    """Seeded choices that depend on the reference alone, never on the order of arrival."""

    def __init__(self, seed: int, delays: Sequence[timedelta] = DELAYS) -> None:
        self._salt = seed.to_bytes(8, "big", signed=True)
        self._delays = tuple(delays)

    def number(self, *about: str) -> int:
        text = "\0".join(about).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=6, salt=self._salt).digest(), "big")

    def delay(self, reference: str) -> timedelta:
        return self._delays[self.number("delay", reference) % len(self._delays)]

    def message_id(self, reference: str) -> str:
        return f"{self.number('id', reference):012x}"


class Refusals:
    """Counts the tries to each address and says which of them are refused."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._tries: dict[str, int] = {}

    def refuse(self, script: Script, address: str) -> bool:
        if script.refuses == ALWAYS:
            return True
        if script.refuses == 0:
            return False
        wanted = script.refuses
        if script.or_once_more:
            wanted += self._draws.number("refuses", address) % 2
        tries = self._tries.get(address, 0)
        refused = tries < wanted
        if refused or not script.remembers:
            self._tries[address] = tries + 1 if refused else 0
        return refused
