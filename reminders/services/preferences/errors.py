"""Errors of preferences: each a line for whoever asked."""

from __future__ import annotations

from reminders.domain.errors import DomainError


class PreferenceError(DomainError):
    """A preference that cannot be set as it was asked for."""


class UnknownCustomer(PreferenceError):
    """Billing never spoke of this customer."""


class LastChannel(PreferenceError):
    """Without this channel no reminder before the due date would reach the customer (S1.16)."""

    def __init__(self, channel: str) -> None:
        super().__init__(
            f"{channel} stays on: it is the last channel for the one reminder before each due"
            " date that the lender owes; switch another channel on first"
        )
        self.channel = channel
