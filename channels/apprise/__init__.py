"""Messages to any of the hundred services that the Apprise library speaks to."""

from channels.apprise.provider import AppriseChannel
from channels.apprise.settings import AppriseSettings

Settings, build = AppriseSettings, AppriseChannel

__all__ = ["AppriseChannel", "AppriseSettings", "Settings", "build"]
