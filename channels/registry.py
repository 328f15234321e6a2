"""Every adapter that there is, and how its channel is built from an account's settings.

An adapter is a package that exports `Settings` (a frozen dataclass with at least `name`, and
`receipts_secret` where its posts are signed with one) and `build(settings) -> Channel`. It is
imported only where an account names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Protocol, cast

from channels.contract import Channel
from channels.errors import ChannelSettingsError

ADAPTERS: Mapping[str, str] = {
    "sms-gateway": "channels.sms.gateway",
    "twilio-sms": "channels.sms.twilio",
    "aliyun-sms": "channels.sms.aliyun",
    "tencent-sms": "channels.sms.tencent",
    "smpp": "channels.sms.smpp",
    "smtp": "channels.email.smtp",
    "in-app": "channels.in_app",
    "push": "channels.push",
    "wechat": "channels.wechat",
    "whatsapp-cloud": "channels.whatsapp",
    "twilio-voice": "channels.voice.twilio",
    "webhook": "channels.webhook",
    "apprise": "channels.apprise",
    "human-task": "channels.human_task",
}


class Account(Protocol):
    """One account at one provider: the settings of its adapter."""

    @property
    def name(self) -> str: ...


class Adapter(Protocol):
    """What an adapter's package exports."""

    Settings: type[Account]

    def build(self, settings: Account) -> Channel:
        """The channel of one account. Raises `ChannelSettingsError` if it cannot work."""


def adapter_of(kind: str) -> Adapter:
    """The adapter called `kind`."""
    return cast(Adapter, import_module(ADAPTERS[kind]))


def build(accounts: Iterable[Account]) -> dict[str, Channel]:
    """Channels by provider name, in the order given.

    Raises `ChannelSettingsError` if two providers share a name or one cannot work.
    """
    channels: dict[str, Channel] = {}
    for account in accounts:
        if account.name in channels:
            raise ChannelSettingsError(f"two providers are named {account.name!r}")
        channels[account.name] = _adapter_for(account).build(account)
    return channels


def _adapter_for(account: Account) -> Adapter:
    """The package whose `Settings` these are: the settings' own module lies in it."""
    here = type(account).__module__
    for module in ADAPTERS.values():
        if here == module or here.startswith(f"{module}."):
            return cast(Adapter, import_module(module))
    raise ChannelSettingsError(f"no adapter has settings like {type(account).__name__}")


def by_channel(channels: Mapping[str, Channel]) -> dict[str, tuple[Channel, ...]]:
    """The providers of each channel, in the order given."""
    found: dict[str, tuple[Channel, ...]] = {}
    for channel in channels.values():
        kind = channel.capabilities.channel
        found[kind] = (*found.get(kind, ()), channel)
    return found
