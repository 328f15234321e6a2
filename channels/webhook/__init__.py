"""Messages to a system of the customer's own, as signed posts (Standard Webhooks 1.0)."""

from channels.webhook.provider import WebhookChannel
from channels.webhook.settings import WebhookSettings

Settings, build = WebhookSettings, WebhookChannel

__all__ = ["Settings", "WebhookChannel", "WebhookSettings", "build"]
