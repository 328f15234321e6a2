"""Faults of a template that only show when its message is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from markupsafe import escape

from reminders.domain.compliance import Pack
from reminders.domain.kinds import MessageKind, class_of
from reminders.messages.catalogue import PARTS, Message
from reminders.messages.content import found_in
from reminders.messages.errors import TemplateError
from reminders.messages.facts import ASKING, DATED, NOTICES, Facts, Kind, Rendered, said_on
from reminders.messages.law import law_of
from reminders.messages.samples import samples
from reminders.messages.templates import TemplateSet

MAX_SEGMENTS = 3
MAX_LAWFUL_SEGMENTS = 4  # with what a pack asks besides
# What Android and iOS show of a notification on a locked screen before they cut it.
MAX_PUSH_SUBJECT, MAX_PUSH_TEXT = 50, 170
# A sentence that is longer cannot be followed by the ear, a longer call is not heard to its end.
MAX_SPOKEN_SENTENCE, MAX_SPOKEN = 150, 700
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")
_NOT_SPOKEN = re.compile(r"https?:|www\.|[<>{}@#*_/\\|]|【|】")


def trial(templates: TemplateSet, message: Message) -> Iterator[str]:
    """What is wrong with `message` as it is written from each sample."""
    for facts in samples(message):
        try:
            shown = templates.render(message.channel, facts, message.brand)
        except TemplateError as error:
            yield str(error)
            return
        where = f"{message} at urgency {facts.urgency}"
        for fault in (*_wrong(message, facts, shown), *_form(message, shown)):
            yield f"{where}: {fault}"


def lawful(templates: TemplateSet, message: Message, packs: Iterable[Pack]) -> Iterator[str]:
    """What each of these packs, alone and with the others, finds wrong with `message`, whether
    the lender collects for itself or for others."""
    several = list(packs)
    alone = [[pack] for pack in several]
    message_class = class_of(MessageKind(message.kind))
    facts = next(samples(message))
    for some, collector in product((*alone, several), (False, True)):
        law = law_of(some, message_class, collector=collector)
        try:
            shown = templates.render(message.channel, facts, message.brand, law)
        except TemplateError as error:
            yield str(error)
            return
        if len(some) == 1 and shown.segments > MAX_LAWFUL_SEGMENTS:
            yield (
                f"{message}: {shown.segments} SMS segments with what {some[0].label} asks,"
                f" at most {MAX_LAWFUL_SEGMENTS}"
            )


def _wrong(message: Message, facts: Facts, shown: Rendered) -> Iterator[str]:
    bodies = {"text": shown.text, "html": shown.html}
    for part in PARTS[message.channel]:
        if part in bodies:
            for fault in _unsaid(message, facts, bodies[part]):
                yield f"the {part} {fault}"
    said = f"{shown.subject}\n{shown.text}\n{shown.html}"
    lender = shown.params["lender"]  # as in `law`: a Federal Bank is no office
    for hit in found_in(said.replace(lender, " ").replace(escape(lender), " "), message.kind):
        yield f'"{hit.phrase}" is barred: {hit.fault} ({hit.source})'


def _form(message: Message, shown: Rendered) -> Iterator[str]:
    """How long it may be, and how it must begin, where it is shown."""
    match message.channel:
        case "sms":
            if shown.segments > MAX_SEGMENTS:
                yield f"{shown.segments} SMS segments, at most {MAX_SEGMENTS}"
            signed = shown.text.startswith(f"【{shown.params['lender']}】")
            if message.language.startswith("zh") and not signed:
                yield "must open with the signature 【lender】"
        case "push":
            if len(shown.subject) > MAX_PUSH_SUBJECT:
                yield f"the subject has {len(shown.subject)} characters, at most {MAX_PUSH_SUBJECT}"
            if len(shown.text) > MAX_PUSH_TEXT:
                yield f"the text has {len(shown.text)} characters, at most {MAX_PUSH_TEXT}"
        case "voice":
            yield from _spoken_form(shown.text)


def _spoken_form(text: str) -> Iterator[str]:
    if len(text) > MAX_SPOKEN:
        yield f"the text has {len(text)} characters, at most {MAX_SPOKEN} are listened to"
    longest = max(map(len, _SENTENCE_END.split(text)))
    if longest > MAX_SPOKEN_SENTENCE:
        yield f"a sentence of {longest} characters, at most {MAX_SPOKEN_SENTENCE} can be followed"
    strange = _NOT_SPOKEN.search(text)
    if strange:
        yield f"{strange[0]!r} cannot be said"


def _unsaid(message: Message, facts: Facts, body: str) -> Iterator[str]:
    """What a written body fails to show, or shows although it must not ask for money."""
    said = said_on(message.channel)

    def times(minor: int) -> int:
        return body.count(said(minor, facts.currency, facts.language))

    # On a locked screen there is room for the minimum, or for the total of several bills.
    minimum = facts.minimum_minor if not (message.channel == "push" and facts.others) else None
    if facts.kind in DATED and not (times(facts.amount_minor) and (not minimum or times(minimum))):
        yield "does not show the amount and the minimum"
    if facts.kind in {*NOTICES, Kind.PROMISE_FOLLOWUP} and not times(facts.amount_minor):
        yield "does not show the amount"
    if message.channel == "voice" and times(facts.amount_minor) > 1:
        yield "says the amount more than once"
    total = facts.amount_minor + sum(
        bill.amount_minor for bill in facts.others if bill.currency == facts.currency
    )
    if facts.others and not times(total):
        yield "does not show the total of several bills"
    if facts.kind not in ASKING and facts.pay_url in body:
        yield "asks for money, which this kind must not"
    if facts.kind in NOTICES and facts.unsubscribe_url in body:
        yield "offers to switch off what the law orders"
