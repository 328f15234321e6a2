"""What a customer's short answer means: STOP, START, HELP, or something that a person reads.

The words that stop are each pack's own (`opt_out.words` in config/packs); those that start again
or ask for help are no law's, and stand here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"
    OTHER = "other"  # for a person to read


# Carriers' defaults, which they answer by themselves whatever our packs say. Twilio 223134027 and
# "Advanced Opt-Out"; AWS opt-out list; ARRET, ARRETE, ARRETT: Twilio, Canada; 退订, TD, T, N, R:
# the packs; 0000: customary in China, no page confirms it; 取消订阅: house.
STOPS: Final = frozenset(
    (
        *("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"),
        *("REVOKE", "OPTOUT", "OPT-OUT", "OPT OUT", "REMOVE"),
        *("ARRET", "ARRETE", "ARRETT"),
        *("R", "T", "TD", "N", "退订", "取消订阅", "0000"),
    )
)
# Twilio 223134027: START, YES, UNSTOP; the Chinese ones are house.
STARTS: Final = frozenset(("START", "YES", "UNSTOP", "恢复", "订阅"))
# Twilio 223134027: HELP, INFO; the Chinese one is house.
HELPS: Final = frozenset(("HELP", "INFO", "帮助"))

# Longer than this, whatever signs and emoji stand around it, is no single word in any table.
_LONGEST: Final = 640
_UNSEEN: Final = frozenset(("Mn", "Cf", "Cc"))
# Letters by name, and nothing to see: some keyboards type them for a blank.
_FILLERS: Final = "\u115f\u1160"  # of Hangul; NFKC makes the other two (3164, FFA0) of this one
_SPACES = re.compile(r"\s+")
_SIGNS = re.compile(r"[\W_]+")
# What these words are written with in Hong Kong and Taiwan; a whole table is not needed.
_SIMPLIFIED: Final = str.maketrans("訂閱復覆幫", "订阅复复帮")
# What Chinese messages ask for is often sent back whole: 回T退订, 回复TD, TD退订.
_ASKED = re.compile(r"(?:回复?)?([a-z0-9]{1,4})(?:退订)?")


def _bare(text: str) -> str:
    """Full width made narrow, case folded, accents off, spaces and signs at the ends gone."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(
        each
        for each in unicodedata.normalize("NFKD", wide)
        if each.isspace() or not (each in _FILLERS or unicodedata.category(each) in _UNSEEN)
    )
    start, end = 0, len(plain)
    while start < end and not plain[start].isalnum():
        start += 1
    while end > start and not plain[end - 1].isalnum():
        end -= 1
    bare = unicodedata.normalize("NFKC", plain[start:end]).translate(_SIMPLIFIED)
    return _SPACES.sub(" ", bare)


def _spellings(text: str) -> Iterator[str]:
    """The word as it stands, without what stands between its letters (T D, 退 订, S.T.O.P), and
    without what it was asked for with."""
    bare = _bare(text)
    yield bare
    whole = _SIGNS.sub("", bare)
    yield whole
    asked = _ASKED.fullmatch(whole)
    if asked is not None:
        yield asked[1]


@dataclass(frozen=True, slots=True)
class StopWords:
    """The words of a jurisdiction, bare: `StopWords.of(pack.opt_out.words)`."""

    stop: frozenset[str]
    start: frozenset[str]
    help: frozenset[str]

    @classmethod
    def of(
        cls,
        stop: Iterable[str] = (),
        start: Iterable[str] = STARTS,
        help: Iterable[str] = HELPS,
    ) -> StopWords:
        """A pack's words beside everybody's: the word that one carrier acts on by itself must not
        be news to us, whatever the customer's pack."""
        return cls(
            frozenset(map(_bare, (*STOPS, *stop))),
            frozenset(map(_bare, start)),
            frozenset(map(_bare, help)),
        )


def meaning_of(text: str, words: StopWords) -> Meaning:
    """What `text` means as a whole: only a message that is nothing but the word counts.

    "STOP PLEASE" is OTHER, as at the carriers (Twilio): a person reads it, and may well stop.
    """
    said = text.strip()
    if len(said) > _LONGEST:
        return Meaning.OTHER
    found = set(_spellings(said))
    if found & words.stop:
        return Meaning.STOP
    if found & words.start:
        return Meaning.START
    return Meaning.HELP if found & words.help else Meaning.OTHER
