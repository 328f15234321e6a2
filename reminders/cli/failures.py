"""What a failed command says: one line and an exit code. Imported only once one has failed."""

from __future__ import annotations

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError, ProgrammingError

from channels.errors import ChannelSettingsError
from config.settings import NoSettings, SettingsError
from reminders.domain.errors import DomainError
from reminders.ledger.errors import LedgerError
from reminders.messages.errors import TemplateError
from reminders.services.clock import ClockNotSet


def told(error: Exception) -> tuple[str, int] | None:
    """The line and the exit code; None for what nobody foresaw, which keeps its traceback."""
    match error:
        case NoSettings():
            return str(error), 2
        case SettingsError():
            return f"settings are missing or wrong:\n{error}", 2
        case DomainError() | LedgerError() | ClockNotSet():
            return str(error), 2
        case ChannelSettingsError() | TemplateError():
            return str(error), 2
        case OperationalError():
            return f"PostgreSQL does not answer: {str(error.orig).splitlines()[0]}", 1
        case ProgrammingError():
            why = str(error.orig).splitlines()[0]
            return f"PostgreSQL refuses: {why} (is it migrated? `reminders db migrate`)", 1
        case RedisError():
            return f"Redis does not answer: {error}", 1
        case _:
            return None
