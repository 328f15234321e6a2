"""Channels from settings."""

from __future__ import annotations

import pytest

from channels.email.smtp import EmailChannel, EmailSettings
from channels.errors import ChannelSettingsError
from channels.in_app import InAppChannel, InAppSettings
from channels.registry import build, by_channel
from channels.sms.gateway import SmsChannel, SmsSettings

FIRST = SmsSettings("http://127.0.0.1:1", "token", "secret", name="first")
SECOND = SmsSettings("http://127.0.0.1:2", "token", "secret", name="second")
EMAIL = EmailSettings("127.0.0.1", 25, "bills@lender.example.com", "secret")
IN_APP = InAppSettings("secret")


def test_builds_one_channel_a_provider_in_order_of_preference() -> None:
    channels = build([FIRST, EMAIL, SECOND, IN_APP])
    assert list(channels) == ["first", "email", "second", "in_app"]
    assert isinstance(channels["first"], SmsChannel)
    assert isinstance(channels["email"], EmailChannel)
    assert isinstance(channels["in_app"], InAppChannel)
    kinds = by_channel(channels)
    assert [one.name for one in kinds["sms"]] == ["first", "second"]
    assert set(kinds) == {"sms", "email", "in_app"}


def test_one_name_is_one_provider() -> None:
    with pytest.raises(ChannelSettingsError, match="first"):
        build([FIRST, FIRST])


def test_a_provider_that_cannot_work_stops_the_start() -> None:
    with pytest.raises(ChannelSettingsError):
        build([EmailSettings("127.0.0.1", 25, "nobody", "secret")])
