"""In-app messages: written in the gate's own transaction, read through our own inbox."""

from channels.in_app.provider import InAppChannel
from channels.in_app.settings import InAppSettings

Settings, build = InAppSettings, InAppChannel

__all__ = ["InAppChannel", "InAppSettings", "Settings", "build"]
