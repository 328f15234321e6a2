"""E-mail through an SMTP relay: connections reused, text and HTML, bounces by callback."""

from channels.email.provider import EmailChannel
from channels.email.settings import EmailSettings

__all__ = ["EmailChannel", "EmailSettings"]
