"""What packs ask of the words of one message: what must stand in it, and what must not.

Required content that a template does not say by itself is said by a sentence of its language,
`<language>/must_say/<content>.j2`, in the place that the template gives to `must_say`. A message
that cannot say what a pack asks, or says what one forbids, is refused with the pack's source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reminders.domain.compliance import Content, Pack
from reminders.domain.kinds import MessageClass
from reminders.messages.barred import PREMIUM_NUMBER, found_in, premium_number
from reminders.messages.errors import TemplateError

# A lender that writes in its own name is neither: to say so would be false (12 CFR 1006.18).
_OF_COLLECTORS = frozenset({Content.DEBT_COLLECTOR_LINE, Content.AGENT_IDENTITY})
# 12 CFR 1006.6(e) is of electronic messages: on the phone the customer can simply say so.
_NOT_SPOKEN = frozenset({Content.OPT_OUT_METHOD})
_DIGITS = str.maketrans("123456789", "000000000")
_LETTERS = re.compile("[A-Za-z]+")
_ID = re.compile(r"(?=.*\d)[A-Za-z0-9._:-]+")
_OFFICES = frozenset({"impersonation", "simulated_court_paper"})
_OF_NUMBERS = frozenset(
    {"acct", "b", "bill", "c", "id", "inv", "invoice", "l", "loan", "no", "ref", "st", "stmt"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """The content that packs require and the lints that they forbid, each with its sources.

    Compared by identity, so that what is derived from it can be kept by it.
    """

    required: Mapping[Content, str] = field(default_factory=dict)
    forbidden: Mapping[str, str] = field(default_factory=dict)
    lints: frozenset[str] = field(init=False)  # the names of what is forbidden

    def __post_init__(self) -> None:
        object.__setattr__(self, "lints", frozenset(self.forbidden))

    def asks_of(self, channel: str) -> list[Content]:
        """What a message on this channel must say, in one order."""
        spared = _NOT_SPOKEN if channel == "voice" else frozenset()
        return sorted(set(self.required) - spared)


NO_LAW = Law()


def law_of(packs: Iterable[Pack], message_class: MessageClass, *, collector: bool = False) -> Law:
    """What these packs ask together of a message of this class. `collector`: the sender collects
    for others, and must say so where a pack demands it."""
    required: dict[Content, list[str]] = {}
    forbidden: dict[str, list[str]] = {}
    for pack in packs:
        for content in pack.required.get(message_class, ()):
            if collector or content not in _OF_COLLECTORS:
                source = pack.required_sources[message_class]
                required.setdefault(content, []).append(f"{pack.label}: {source.cite}")
        for lint, source in pack.forbidden.items():
            forbidden.setdefault(lint, []).append(f"{pack.label}: {source.cite}")
    return Law(
        {content: "; ".join(sources) for content, sources in required.items()},
        {lint: "; ".join(sources) for lint, sources in forbidden.items()},
    )


def refuse_barred(
    text: str, kind: str, bills: Sequence[str], apart: Iterable[str], law: Law
) -> None:
    """Raise `TemplateError` if `text` says what the law forbids a message of `kind`.

    `apart` is left out: the lender's own name, which it may not leave out and which claims nothing
    (a Federal Bank is no office), one that was looked at already, links whose ids mean nothing.
    What a link says of a bill is looked at in `bills`, unless it is no more than a number
    (`only_a_number`), which claims nothing wherever it stands: an office's papers are numbered with
    its name, but nobody's number threatens or insults. The rest is then nearly the same in
    every message, and is looked at once, since a figure is as good as another; numbers to call are
    looked for in the text as it stands.
    """
    if not law.forbidden:
        return
    for word in apart:
        if word:
            text = text.replace(word, " ")
    number = premium_number(text, bills) if PREMIUM_NUMBER in law.forbidden else ""
    if number:
        raise TemplateError(_barred(PREMIUM_NUMBER, number, law))
    if not any(_hits((*bills, text), kind, law)):
        return
    numbers = [
        each for each in bills if only_a_number(each) and _names_at_most_an_office(each, kind, law)
    ]
    for each in sorted(numbers, key=len, reverse=True):  # one may stand within another
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(each)}(?![A-Za-z0-9])", "0", text)
    for lint, phrase in _hits((*(each for each in bills if each not in numbers), text), kind, law):
        raise TemplateError(_barred(lint, phrase, law))


def only_a_number(bill: str) -> bool:
    """True for a bill's id that can be read as nothing else: figures, with one word at most besides
    such as stand before numbers (`police-7`, `INV-COURT-2026-09`). Two might say something."""
    words = [each for each in _LETTERS.findall(bill) if each.lower() not in _OF_NUMBERS]
    return len(words) <= 1 and _ID.fullmatch(bill) is not None


def _names_at_most_an_office(bill: str, kind: str, law: Law) -> bool:
    phrases = {phrase for _, phrase in _hits((bill,), kind, law)}
    return all(any(found_in(phrase, kind, _OFFICES)) for phrase in phrases)


def _hits(said: Iterable[str], kind: str, law: Law) -> Iterator[tuple[str, str]]:
    """Each lint that one of these falls under, with the phrase."""
    for each in said:
        yield from found_in(each.translate(_DIGITS), kind, law.lints)


def _barred(lint: str, phrase: str, law: Law) -> str:
    return f'"{phrase}" is barred: {lint} ({law.forbidden[lint]})'
