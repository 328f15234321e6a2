"""Calls through Twilio's Programmable Voice (REST API 2010-04-01), with a key to acknowledge."""

from channels.voice.twilio.provider import TwilioVoiceChannel
from channels.voice.twilio.settings import TwilioVoiceSettings

Settings, build = TwilioVoiceSettings, TwilioVoiceChannel

__all__ = ["Settings", "TwilioVoiceChannel", "TwilioVoiceSettings", "build"]
