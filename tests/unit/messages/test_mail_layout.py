"""The look of a mail: readable in both colour schemes, on a narrow screen, without pictures."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from reminders.messages.facts import Kind
from reminders.messages.templates import TemplateSet
from tests.unit.messages.bills import SHIPPED, facts

LANGUAGES = ("en", "zh-CN")
READABLE = 4.5  # WCAG 2.2 §1.4.3, level AA
COLOURS = re.compile(r"background:\s*(#[0-9a-f]{6})[^{}]*?[;\s]color:\s*(#[0-9a-f]{6})")
FULL_STOPS = re.compile(r"[\s.,:!\u3002\uff0c\uff1a\uff01]+")


def luminance(colour: str) -> float:
    """WCAG's relative luminance of `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Mail(HTMLParser):
    """Tags, their attributes, and the words that are seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.cells: list[str] = []
        self._hidden = self._link = self._cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden = self._hidden or tag in ("style", "title")
        self._cell = self._cell or tag in ("td", "th")
        if tag == "a":
            self._link = True
            self.links.append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag not in ("style", "title")
        self._link = self._link and tag != "a"
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)
        if self._link:
            self.links[-1] += data
        if self._cell and data.strip():
            self.cells.append(data)


@pytest.fixture(scope="module")
def shipped() -> TemplateSet:
    return TemplateSet.load(SHIPPED)


@pytest.mark.parametrize("kind", [Kind.PRE_DUE, Kind.DUE_TODAY, Kind.OVERDUE])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_can_be_read_by_everybody(shipped: TemplateSet, language: str, kind: Kind) -> None:
    """S4.14: what it says is said in text, in its language, with links that say where they go."""
    html = shipped.render("email", facts(kind, language=language)).html
    mail = Mail(html)
    names = [name for name, _ in mail.tags]
    assert dict(mail.tags)["html"]["lang"] == language
    assert names.count("h1") == names.count("main") == 1
    assert not {"img", "script", "link", "iframe", "video"} & set(names)
    assert "url(" not in html
    assert "width:560px" not in html.replace("max-width:560px", "")
    assert 'name="viewport"' in html
    for text in mail.links:
        assert len(text.strip()) >= 3
        assert "http" not in text
    for tag, attributes in mail.tags:
        assert tag != "th" or attributes["scope"] == "row"


def test_every_pair_of_colours_can_be_told_apart(shipped: TemplateSet) -> None:
    html = shipped.render("email", facts(Kind.PRE_DUE, language="en")).html
    pairs = COLOURS.findall(html)
    assert len(pairs) == 4  # the page and its button, in light and in dark
    for back, front in pairs:
        assert contrast(back, front) >= READABLE, (back, front)
    assert "prefers-color-scheme: dark" in html
    assert '<meta name="color-scheme" content="light dark">' in html


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_forms_say_the_same(shipped: TemplateSet, language: str, kind: Kind) -> None:
    message = shipped.render("email", facts(kind, language=language))
    seen = FULL_STOPS.sub(" ", " ".join(Mail(message.html).words)).casefold()
    for line in message.text.splitlines():
        words = re.sub(r"https?://\S+", "", line)
        for sentence in filter(None, re.split(r"[.:\u3002\uff1a]\s*", words)):
            assert FULL_STOPS.sub(" ", sentence).strip().casefold() in seen, sentence
    text = FULL_STOPS.sub(" ", message.text)
    for fact in Mail(message.html).cells:
        assert FULL_STOPS.sub(" ", fact).strip() in text, fact
