"""Template messages by WhatsApp's Cloud API."""

from channels.whatsapp.provider import WhatsappChannel
from channels.whatsapp.settings import WhatsappSettings

Settings, build = WhatsappSettings, WhatsappChannel

__all__ = ["Settings", "WhatsappChannel", "WhatsappSettings", "build"]
