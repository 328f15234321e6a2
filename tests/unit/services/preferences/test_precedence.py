"""The table of docs/preferences.md, row by row, against what the domain does and the page shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.customer import (
    ChannelName,
    ContactHealth,
    ContactPoint,
    Customer,
    Hold,
    HoldKind,
    Preference,
)
from reminders.domain.kinds import MessageKind
from reminders.services.packs import read_packs
from reminders.services.preferences.change import keep_minimum
from reminders.services.preferences.errors import LastChannel
from reminders.services.preferences.show import CHOOSABLE, open_channels

ROOT = Path(__file__).resolve().parents[4]
NOW = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = (MessageKind.PRE_DUE, MessageKind.OVERDUE)
ALL_ON = tuple((channel.value, kind) for channel in ChannelName for kind in KINDS)


def person(*preferences: Preference, **healths: ContactHealth) -> Customer:
    contacts: Mapping[str, ContactPoint] = {
        channel.value: ContactPoint(channel, "", healths.get(channel, ContactHealth.UNKNOWN))
        for channel in ChannelName
    }
    return Customer(1, "C-1", "en", "Asia/Taipei", "TW", contacts, preferences, ())


def allowed(customer: Customer) -> tuple[tuple[str, MessageKind], ...]:
    return tuple(each for each in ALL_ON if each[0] in open_channels(customer, each[1]))


def without(*barred: tuple[str, MessageKind]) -> tuple[tuple[str, MessageKind], ...]:
    return tuple(each for each in ALL_ON if each not in barred)


def on(channel: str, kind: str) -> Preference:
    return Preference(channel, kind, True)


def off(channel: str, kind: str) -> Preference:
    return Preference(channel, kind, False)


@dataclass(frozen=True)
class Row:
    """A rule of the table: a customer, and what may be said to them."""

    rule: str
    customer: Customer
    may: tuple[tuple[str, MessageKind], ...]


SMS_OFF = without(("sms", MessageKind.PRE_DUE), ("sms", MessageKind.OVERDUE))
ROWS = (
    Row("default", person(), ALL_ON),
    Row("default", person(sms=ContactHealth.DEAD), SMS_OFF),
    Row("kind off", person(off("sms", "overdue")), without(("sms", MessageKind.OVERDUE))),
    Row(
        "kind off",
        person(on("sms", "*"), off("sms", "overdue")),
        without(("sms", MessageKind.OVERDUE)),
    ),
    Row("channel off", person(off("sms", "*")), SMS_OFF),
    Row("channel off", person(off("sms", "*"), on("sms", "overdue")), SMS_OFF),
    # A STOP, or consent that billing says was refused, beside the customer's older permission.
    Row("stop or refused consent", person(on("sms", "*"), off("sms", "*")), SMS_OFF),
    Row("stop or refused consent", person(off("sms", "*"), on("sms", "pre_due")), SMS_OFF),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_each_row_says_what_may_be_said(row: Row) -> None:
    assert allowed(row.customer) == row.may


def test_cease_contact_holds_every_bill_whatever_is_allowed() -> None:
    hold = Hold("H-1", HoldKind.CEASE_CONTACT, None, NOW, None)
    held = replace(person(on("sms", "*")), holds=(hold,))
    assert held.hold_on("B-1", NOW) is hold


def test_only_a_notice_with_a_legal_basis_may_pass_an_opt_out() -> None:
    packs = read_packs(ROOT / "config" / "packs")
    mandates = [each for pack in packs.values() for each in pack.mandates]
    assert mandates
    assert all(each.legal_basis and each.source.cite for each in mandates)


def test_the_page_has_the_rows_of_the_tests_and_no_others() -> None:
    page = (ROOT / "docs" / "preferences.md").read_text(encoding="utf-8")
    rules = re.findall(r"^\| \d \| ([a-z ]+) \|", page, re.MULTILINE)
    assert rules == [
        "law mandate",
        "cease contact",
        "stop or refused consent",
        "channel off",
        "kind off",
        "lender policy",
        "default",
    ]
    assert {row.rule for row in ROWS} < set(rules)


_PREFERENCES = st.lists(
    st.builds(
        Preference,
        st.sampled_from([channel.value for channel in ChannelName]),
        st.sampled_from(["*", *(kind.value for kind in CHOOSABLE)]),
        st.booleans(),
    ),
    max_size=6,
)


@given(
    said=_PREFERENCES,
    channel=st.sampled_from([channel.value for channel in ChannelName]),
    kind=st.sampled_from(["*", "pre_due", "overdue"]),
)
def test_a_bar_never_opens_what_was_shut_and_the_minimum_holds(
    said: list[Preference], channel: str, kind: str
) -> None:
    """I3, I8: whatever was said before."""
    before = person(*said)
    after = person(*said, off(channel, kind))
    assert set(allowed(after)) <= set(allowed(before))
    assert all(after.opted_out(channel, each) for each in MessageKind if kind in ("*", each))
    had = open_channels(before, MessageKind.PRE_DUE)
    if had and not open_channels(after, MessageKind.PRE_DUE):
        assert had == (channel,)
        with pytest.raises(LastChannel, match=f"{channel} stays on"):
            keep_minimum(before, channel, kind)
    else:
        keep_minimum(before, channel, kind)
