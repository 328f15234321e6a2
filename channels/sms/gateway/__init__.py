"""SMS through an HTTP JSON gateway that knows our reference and honours an idempotency key."""

from channels.sms.gateway.provider import SmsChannel
from channels.sms.gateway.settings import SmsSettings

Settings, build = SmsSettings, SmsChannel

__all__ = ["Settings", "SmsChannel", "SmsSettings", "build"]
