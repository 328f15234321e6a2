"""What a message calls its customer: their name where one is known and fit to be written.

A name is for what the customer alone reads (e-mail): beside a debt on a locked screen, on a number
that changed hands or read aloud it tells others of it (FCA CONC 7.9; GB/T 45251-2025). So no other
channel is given one, and a missing one is never a reason not to write: the greeting is neutral.
"""

from __future__ import annotations

import re
import unicodedata

from reminders.messages.barred import KNOWN, found_in
from reminders.messages.content import found_in as faults_in

NAME = "name"  # the variable
MAX_NAME = 60
_MOST_DIGITS = 6
_HAN = re.compile("[\u3400-\u9fff]")
# Letters of any script with the signs that names have; digits, since some systems number people.
_FIT = re.compile(r"[^\W_](?:[^\W_]|[ .'\u2019\u00b7\u30fb,-])*")
_MARKS = frozenset({"Mn", "Mc"})  # vowels of Hindi, Bengali, Thai; no more of them than letters
_LINK = re.compile(r"www|https?|\w\.\w{2}", re.IGNORECASE)
# What a system writes where it knows no name.
_NO_NAME = frozenset({"null", "none", "nil", "nan", "n.a.", "undefined", "unknown"})
_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "herr", "frau"}
)
_CHINESE = "zh"


def called(name: str, language: str, *, formal: bool = False) -> str:
    """How a letter in `language` calls its customer; "" where the name is absent or unfit.

    Chinese letters and formal ones write the whole name, others the given name.
    """
    if not fit(name):
        return ""
    return name if formal or language.startswith(_CHINESE) else given_name(name)


def given_name(name: str) -> str:
    """By what English addresses this person: `Ann` of `Dr. Ann Example` and of `Example, Ann`.

    A Chinese name is not taken apart, nor is one whose first word is only an initial.
    """
    if _HAN.search(name):
        return name
    family, comma, rest = name.partition(",")
    words = [each for each in (rest if comma else family).split() if not _title(each)]
    first = words[0] if words else ""
    return first if len(first.rstrip(".")) > 1 else name.strip(" ,")


def fit(name: str) -> bool:
    """True if this can be shown as a name: it is short, made of letters, and neither a link nor a
    word that no message may hold."""
    return bool(
        0 < len(name) <= MAX_NAME
        and _letters(name)
        and name.lower() not in _NO_NAME
        and not all(map(_title, name.split()))
        and sum(map(str.isdigit, name)) <= _MOST_DIGITS
        and not _LINK.search(name)
        and not any(faults_in(name))
        and not found_in(name, "", KNOWN)
    )


def tidy(name: str) -> str:
    """A name as systems give it, with its accents composed and plain blanks."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def _letters(name: str) -> bool:
    bare = "".join(each for each in name if unicodedata.category(each) not in _MARKS)
    return len(name) <= 2 * len(bare) and _FIT.fullmatch(bare) is not None


def _title(word: str) -> bool:
    return word.rstrip(".").lower() in _TITLES
