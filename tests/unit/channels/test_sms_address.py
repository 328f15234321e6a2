"""No SMS provider is called for an address that can take none."""

from __future__ import annotations

import asyncio

import pytest

from channels.contract import Channel, Message
from channels.sms.aliyun import AliyunChannel, AliyunSettings
from channels.sms.gateway import SmsChannel, SmsSettings
from channels.sms.tencent import TencentChannel, TencentSettings
from channels.sms.twilio import TwilioChannel, TwilioSettings
from reminders.domain.outcome import Permanent, Transient

NOWHERE = "http://127.0.0.1:1"
APPROVED = ("n", {"*": "1"}, "k")  # signature, templates, key
CHANNELS: tuple[Channel, ...] = (
    SmsChannel(SmsSettings(NOWHERE, "t", "s")),
    AliyunChannel(AliyunSettings(*APPROVED, "i", "s", base_url=NOWHERE)),
    TencentChannel(TencentSettings(*APPROVED, "i", "s", "a", base_url=NOWHERE)),
    TwilioChannel(TwilioSettings("AC", "t", NOWHERE, sender="+1", base_url=NOWHERE)),
)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_a_landline_and_no_number_are_refused_without_a_call(channel: Channel) -> None:
    def sent_to(address: str) -> object:
        async def send() -> object:
            try:
                return await channel.send(Message("a", address, "text", "en"))
            finally:
                await channel.close()

        return asyncio.run(send())

    assert sent_to("+861085123456") == Permanent("landline", dead_contact=True)
    assert sent_to("13812345678") == Permanent("invalid_number", dead_contact=True)
    # Nobody listens there: a number that may take it is called.
    assert isinstance(sent_to("+8613812345678"), Transient)
