"""A mail names its own customer's page, and opens nobody else's."""

from __future__ import annotations

from reminders.services.preferences.passes import PATH, PreferenceLinks, customer_of_pass


def test_the_link_opens_the_page_of_its_customer() -> None:
    link = PreferenceLinks("https://console.example.com", "k").of("C-1")
    base, path, token = link.partition(PATH)
    assert (base, path) == ("https://console.example.com", PATH)
    assert customer_of_pass(token, "k") == "C-1"
    assert customer_of_pass(token, "another key") is None
