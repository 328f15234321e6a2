"""What is wrong with the input of a simulation."""

from __future__ import annotations

from reminders.domain.errors import DomainError


class BadInput(DomainError):
    """A file, a date or a policy that cannot be simulated; the message says what to do."""
