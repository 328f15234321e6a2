"""SMS through a carrier's SMPP 3.4 port."""

from channels.sms.smpp.provider import SmppChannel
from channels.sms.smpp.settings import SmppSettings

Settings, build = SmppSettings, SmppChannel

__all__ = ["Settings", "SmppChannel", "SmppSettings", "build"]
