"""The push channel: one message to every device of a customer, and what the app reports of it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from channels.contract import Answer, Message, Post, Told
from channels.errors import ChannelSettingsError
from channels.push.apns.sender import ApnsSender
from channels.push.devices import Device, Platform, read_devices, together
from channels.push.fcm.sender import FcmSender
from channels.push.receipts import to_receipt
from channels.push.settings import PushSettings, capabilities
from channels.receipts import read_receipts
from channels.signature import verify
from reminders.domain.outcome import Outcome, Permanent


class Sender(Protocol):
    """One platform."""

    async def send(self, token: str, message: Message) -> Outcome:
        """Hand one message to one device. Never raises."""

    async def close(self) -> None:
        """Give connections back."""


class PushChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: PushSettings) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._secret = settings.receipts_secret
        self._senders: dict[Platform, Sender] = {}
        if settings.fcm_service_account:
            self._senders[Platform.FCM] = FcmSender(settings)
        if settings.apns_key:
            self._senders[Platform.APNS] = ApnsSender(settings)
        if not self._senders:
            raise ChannelSettingsError("push needs fcm_service_account or apns_key, or both")
        if settings.app_reports and not settings.receipts_secret:
            raise ChannelSettingsError("app_reports needs a receipts_secret")

    async def send(self, message: Message) -> Outcome:
        devices = read_devices(message.address)
        if not devices:
            return Permanent("invalid_devices", dead_contact=True)
        if len(devices) == 1:
            return await self._to(devices[0], message)
        outcomes = await asyncio.gather(*(self._to(device, message) for device in devices))
        return together(dict(zip(devices, outcomes, strict=True)))

    async def _to(self, device: Device, message: Message) -> Outcome:
        sender = self._senders.get(device.platform)
        if sender is None:
            return Permanent(f"no_{device.platform}_account")
        return await sender.send(device.token, message)

    async def ask(self, idempotency_key: str) -> Outcome | None:
        """Neither platform can be asked about one push."""
        return None

    def hear(self, post: Post) -> Told:
        return Told(read_receipts(post.body, to_receipt))

    def verify(self, post: Post) -> bool:
        return verify(self._secret, post.body, post.headers)

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        for sender in self._senders.values():
            await sender.close()
