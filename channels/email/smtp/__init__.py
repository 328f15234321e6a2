"""E-mail through an SMTP relay: connections reused, text and HTML, bounces by post or by mail."""

from channels.email.smtp.provider import EmailChannel, ListeningEmailChannel, build
from channels.email.smtp.settings import EmailSettings, Tls

Settings = EmailSettings

__all__ = ["EmailChannel", "EmailSettings", "ListeningEmailChannel", "Settings", "Tls", "build"]
