"""Builds the channels that the settings name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from channels.contract import Channel
from channels.email import EmailChannel, EmailSettings
from channels.errors import ChannelSettingsError
from channels.in_app import InAppChannel, InAppSettings
from channels.sms import SmsChannel, SmsSettings

ChannelSettings = SmsSettings | EmailSettings | InAppSettings


def build(settings: Iterable[ChannelSettings]) -> dict[str, Channel]:
    """Channels by provider name, in the order given: first come, first choice.

    Raises `ChannelSettingsError` if two providers share a name or one cannot work.
    """
    channels: dict[str, Channel] = {}
    for one in settings:
        if one.name in channels:
            raise ChannelSettingsError(f"two providers are named {one.name!r}")
        channels[one.name] = _build(one)
    return channels


def _build(settings: ChannelSettings) -> Channel:
    match settings:
        case SmsSettings():
            return SmsChannel(settings)
        case EmailSettings():
            return EmailChannel(settings)
        case InAppSettings():
            return InAppChannel(settings)


def by_channel(channels: Mapping[str, Channel]) -> dict[str, tuple[Channel, ...]]:
    """The providers of each channel, in order of preference."""
    found: dict[str, tuple[Channel, ...]] = {}
    for channel in channels.values():
        kind = channel.capabilities.channel
        found[kind] = (*found.get(kind, ()), channel)
    return found
