"""What can be wrong with a card or a history, each told in one line."""

from __future__ import annotations

from reminders.domain.errors import DomainError


class CardError(DomainError):
    """A points card says something that cannot be carried out; one line per fault."""


class BadHistory(DomainError):
    """A history file cannot be read as one, or does not hold what is asked of it."""


class ExtraMissing(DomainError):
    """The optional parts that fit and draw are not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(f"{module} is not installed: pip install 'bill-reminders[risk]'")
