"""SMS through Twilio's Programmable Messaging (REST API 2010-04-01)."""

from channels.sms.twilio.provider import TwilioChannel
from channels.sms.twilio.settings import TwilioSettings

Settings, build = TwilioSettings, TwilioChannel

__all__ = ["Settings", "TwilioChannel", "TwilioSettings", "build"]
