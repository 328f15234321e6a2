"""Which of a provider's own templates says a message, and the words that fill it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from channels.contract import Message

T = TypeVar("T")


class Unfit(Exception):
    """Our settings have no template, or no word, for a message. The text is a short reason."""


def chosen(table: Mapping[str, T], kind: str, language: str) -> T | None:
    """The entry for `kind/language`, `kind`, `*/language` or `*`: the first that there is."""
    for name in (f"{kind}/{language}", kind, f"*/{language}", "*"):
        if name in table:
            return table[name]
    return None


def words_of(message: Message) -> Mapping[str, str]:
    """What a template may be filled with: the message's own words, and its rendered parts as
    `text`, `subject` and `link`."""
    return {
        "text": message.text,
        "subject": message.subject,
        "link": message.link,
        **message.params,
    }
