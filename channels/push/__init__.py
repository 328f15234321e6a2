"""Push to a customer's devices: FCM HTTP v1 for Android, APNs for Apple's, one channel for both."""

from channels.push.provider import PushChannel
from channels.push.settings import PushSettings

Settings, build = PushSettings, PushChannel

__all__ = ["PushChannel", "PushSettings", "Settings", "build"]
