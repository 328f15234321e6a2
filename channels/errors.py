"""Errors of the channels' edge."""

from __future__ import annotations


class ReceiptError(ValueError):
    """A callback body that cannot be read; the message says why."""


class ChannelSettingsError(ValueError):
    """A channel's settings name something that does not exist or cannot work."""
