"""One page shows a message in every channel's form, and nothing of it can leave its form."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from reminders.domain.customer import ChannelName
from reminders.messages.errors import TemplateError
from reminders.messages.facts import Kind, Urgency
from reminders.messages.preview_page import Shown, preview_page
from reminders.messages.templates import TemplateSet
from reminders.services.compose_preview import CHANNELS, Asked, preview_sample
from reminders.services.packs import read_packs
from tests.unit.messages.bills import SHIPPED, facts


@pytest.fixture(scope="module")
def shipped() -> TemplateSet:
    return TemplateSet.load(SHIPPED)


class Page(HTMLParser):
    """Its tags, and where anything is loaded from."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        self.loaded += [given[name] or "" for name in ("src", "href") if name in given]
        if tag == "iframe":
            assert "sandbox" in given
            assert given["sandbox"] in (None, "")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_every_form(shipped: TemplateSet, kind: Kind, language: str) -> None:
    html = preview_sample(shipped, Asked(kind, language), {"sms": 45}).page()
    page = Page(html)
    assert page.tags.count("section") == len(CHANNELS)
    assert (page.tags.count("iframe"), page.tags.count("pre")) == (1, 2)  # a mail; and a webhook
    assert page.loaded == []
    assert "script" not in page.tags
    assert 'class="fault"' not in html
    assert "segment" in html
    assert "prefers-color-scheme:dark" in html


def test_every_channel_that_there_is_has_a_form() -> None:
    assert set(CHANNELS) == {channel.value for channel in ChannelName}


def test_an_invented_bill_is_shown_as_a_pack_wants_it(shipped: TemplateSet) -> None:
    packs = read_packs(SHIPPED.parent / "packs")
    plain = preview_sample(shipped, Asked("overdue"), {}, packs=packs).page()
    asked = preview_sample(shipped, Asked("overdue", pack="uk-conc"), {}, packs=packs).page()
    assert "Independent debt advice" not in plain
    assert asked.count("Independent debt advice") == len(CHANNELS) + 1  # a mail has two forms
    with pytest.raises(TemplateError, match="pack 'xx' is none of cn, eu"):
        preview_sample(shipped, Asked("overdue", pack="xx"), {}, packs=packs)


def test_segments_and_their_price_are_told(shipped: TemplateSet) -> None:
    html = preview_sample(shipped, Asked("pre_due", "en"), {"sms": 45}).page()
    assert "2 segments, " in html
    assert "2 x 45 = 90 minor units" in html
    assert "minor units" not in preview_sample(shipped, Asked("pre_due", "en"), {}).page()


def test_markup_in_a_message_stays_text(shipped: TemplateSet) -> None:
    hostile = facts(lender='"><script>alert(1)</script>', bill_id='x" onload="alert(1)')
    shown = [Shown(each, shipped.render(each, hostile)) for each in CHANNELS]
    page = Page(preview_page("<script>", "</style><script>", shown))
    assert "script" not in page.tags
    assert (
        page.tags
        == Page(
            preview_page(
                "x", "y", [Shown(each, shipped.render(each, facts())) for each in CHANNELS]
            )
        ).tags
    )


def test_why_a_form_is_not_there_is_told() -> None:
    html = preview_page("x", "y", [Shown("sms", None, "there is no template <b>")])
    assert "there is no template &lt;b&gt;" in html


@pytest.mark.parametrize(
    "asked",
    [Asked("none"), Asked(language="xx"), Asked(brand="acme"), Asked(urgency="loud")],
)
def test_what_does_not_exist_is_refused(shipped: TemplateSet, asked: Asked) -> None:
    with pytest.raises(TemplateError, match="is none of"):
        preview_sample(shipped, asked, {})


def test_what_is_not_said_is_usual_and_a_real_bill_keeps_its_own_law(shipped: TemplateSet) -> None:
    assert Asked(urgency="").checked(shipped).urgency == Urgency.NORMAL
    with pytest.raises(TemplateError, match="a pack is for an invented bill"):
        Asked(bill="B-1", pack="cn").checked(shipped)
