"""SMS through an HTTP JSON gateway that knows our reference and honours an idempotency key."""

from channels.sms.provider import SmsChannel
from channels.sms.settings import SmsSettings

__all__ = ["SmsChannel", "SmsSettings"]
