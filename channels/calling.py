"""One call to a provider over HTTP: its reply, or the outcome where there was none."""

from __future__ import annotations

from collections.abc import Mapping

from channels.errors import AddressRefused, AnswerLost, NothingTaken, TooLate
from channels.transport import Reply, Transport
from reminders.domain.outcome import Outcome, Permanent, Transient, Uncertain, Unsent


async def call(
    transport: Transport,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    start_by: float | None = None,
) -> Reply | Outcome:
    """The provider's reply, whatever its status; else what a call without one means."""
    try:
        return await transport.request(method, url, headers, body, start_by)
    except AddressRefused as error:
        return Permanent(str(error), dead_contact=True)
    except NothingTaken as error:
        return Transient(str(error))
    except TooLate as error:
        return Unsent(str(error))
    except AnswerLost as error:
        return Uncertain(f"no answer: {error}")
