"""An address shows its mask wherever it is printed, and itself only when asked."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.address import Address, mask

NUMBER = "+8616100000123"
MAIL = "canary.person@example.com"
SECRET = {NUMBER: "0000", MAIL: "anary"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (NUMBER, "+86161****0123"),
        (MAIL, "c***@example.com"),
        ("", ""),
        ("+8616100", "****"),
        ("+861610000", "+8****00"),
    ],
)
def test_what_may_be_shown(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize("text", [NUMBER, MAIL])
def test_no_way_of_printing_shows_it(text: str, caplog: pytest.LogCaptureFixture) -> None:
    address = Address(text)
    logging.getLogger("test").warning("to %s %r", address, address)
    ways = [
        str(address),
        repr(address),
        f"{address}",
        f"{address:>40}",
        f"{address!r}",
        format(address),
        "%s %r" % (address, address),  # noqa: UP031  (one of the ways)
        str([address]),
        str({"to": address}),
        json.dumps({"to": address}, default=str),
        caplog.text,
    ]
    assert not [way for way in ways if text in way or SECRET[text] in way]
    with pytest.raises(TypeError):
        json.dumps(address)
    assert address.reveal() == text


@given(
    st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z")
    | st.from_regex(r"\A[a-z][a-z.]{0,20}@[a-z]{1,9}\.example\.com\Z")
)
def test_a_mask_never_holds_the_whole(text: str) -> None:
    assert text not in mask(text)


def test_addresses_compare_by_what_they_are() -> None:
    assert Address(MAIL) == Address(MAIL)
    assert len({Address(MAIL), Address(MAIL), Address(NUMBER)}) == 2
    assert Address(MAIL) != MAIL
