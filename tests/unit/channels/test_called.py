"""What the address of a post says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.called import field_of, has_key, query_of, with_key


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("https://a.example.com/x?b=1&c=2", "b=1&c=2"),
        ("/v1/receipts/x?b=1#c", "b=1"),
        ("/v1/receipts/x", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_the_query_of_any_address(url: str, query: str) -> None:
    assert query_of(url) == query


@given(st.text(min_size=1, max_size=40, alphabet=st.characters(codec="utf-8")))
@settings(max_examples=100, deadline=None)
def test_the_key_that_was_given_out_opens(secret: str) -> None:
    for url in ("https://a.example.com/x", "/x?attempt=1"):
        assert has_key(with_key(url, secret), secret)
        assert not has_key(with_key(url, secret + "x"), secret)
        assert not has_key(url, secret)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_without_a_secret_nothing_opens(url: str) -> None:
    assert not has_key(url, "")
    assert not has_key(f"/x?key=&{url}", "")
    field_of(url, "key")
