"""E-mail through an SMTP relay: connections reused, text and HTML, bounces by callback."""

from channels.email.smtp.provider import EmailChannel
from channels.email.smtp.settings import EmailSettings

Settings, build = EmailSettings, EmailChannel

__all__ = ["EmailChannel", "EmailSettings", "Settings", "build"]
