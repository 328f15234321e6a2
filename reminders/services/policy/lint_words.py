"""Messages that a policy asks for: that they exist in every language, and offer nothing."""

from __future__ import annotations

from collections.abc import Iterator

from reminders.domain.kinds import MessageClass, MessageKind, class_of
from reminders.domain.tier import Tier
from reminders.messages.catalogue import PARTS, Message, languages, layer, shown_on, sources
from reminders.messages.content import Fault, found_in
from reminders.messages.errors import TemplateError
from reminders.services.policy.findings import Finding, Rule, Subject


def word_findings(subject: Subject) -> Iterator[Finding]:
    """Every kind on every channel of its ladders has its template in every language."""
    if subject.templates is None:
        return
    try:
        texts = layer(sources(subject.templates), "")
    except TemplateError as error:
        yield Finding(1, Rule.TEMPLATE, str(error), "name the folder: --templates")
        return
    told: set[str] = set()
    for line, kind, channels in _asked(subject):
        for message in _messages(kind, channels, languages(texts)):
            if str(message) not in told:
                told.add(str(message))
                yield from _absent(message, texts, line)
                yield from _offers(message, texts, line)


def _asked(subject: Subject) -> Iterator[tuple[int, MessageKind, set[str]]]:
    policy = subject.policy
    for stage in policy.stages:
        channels = {rung.channel for tier in stage.tiers for rung in policy.ladders[tier]}
        yield subject.stage_line(stage.name), stage.kind, channels
    every = {rung.channel for tier in Tier for rung in policy.ladders[tier]}
    for number, rule in enumerate(policy.events):
        yield subject.line("events", number), rule.kind, every


def _messages(kind: MessageKind, channels: set[str], known: list[str]) -> Iterator[Message]:
    for language in known:
        for channel in sorted({shown_on(each, kind) for each in channels} & PARTS.keys()):
            yield Message(language, str(kind), channel)


def _absent(message: Message, texts: dict[str, str], line: int) -> Iterator[Finding]:
    absent = [file for file in message.files if not texts.get(file, "").strip()]
    if absent:
        yield Finding(
            line, Rule.TEMPLATE, f"no template for {message}", f"write {', '.join(absent)}"
        )


def _offers(message: Message, texts: dict[str, str], line: int) -> Iterator[Finding]:
    message_class = class_of(MessageKind(message.kind))
    if message_class is MessageClass.MARKETING:
        return
    for file in [*message.files, *message.phrases.values()]:
        text = texts.get(file, "")
        for found in found_in(text, message.kind):
            if found.fault is Fault.OFFER:
                at = text[: text.lower().find(found.phrase)].count("\n") + 1
                yield Finding(
                    line, Rule.OFFER,
                    f'{file} line {at} offers "{found.phrase}" inside a {message_class}',
                    "take the offer out: with it the message is marketing, by the law's reading",
                )  # fmt: skip
