"""Errors of the channels' edge."""

from __future__ import annotations

from collections.abc import Sequence

from reminders.domain.outcome import Inbound, Receipt


class ReceiptError(ValueError):
    """A callback body that cannot be read; the message says why.

    `readable` and `inbound` hold what of the same body could be read: one bad entry of an array
    must not cost the other ninety-nine.
    """

    def __init__(
        self, message: str, readable: Sequence[Receipt] = (), inbound: Sequence[Inbound] = ()
    ) -> None:
        super().__init__(message)
        self.readable = tuple(readable)
        self.inbound = tuple(inbound)


class NothingTaken(Exception):
    """The call failed before the message was handed over: surely nothing was taken."""


class NotConnected(NothingTaken):
    """No connection, and that was known at once: worth another try within the same send."""


class AddressRefused(NothingTaken):
    """The address leads where no message may go, such as into our own network."""


class TooLate(Exception):
    """The message's `start_by` passed before its call could begin: surely nothing left."""


class AnswerLost(Exception):
    """The bytes left and no whole answer came: the provider may or may not have taken it."""


class ChannelSettingsError(ValueError):
    """A channel's settings name something that does not exist or cannot work."""
