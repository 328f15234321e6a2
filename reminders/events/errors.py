"""The one error of this room: what was offered is not an event."""

from __future__ import annotations


class EventError(ValueError):
    """Why bytes are not an event, in one line that quotes no personal value.

    `source`, `id` and `customer` are what could still be read of it, for whoever looks after it.
    """

    def __init__(
        self,
        reason: str,
        *,
        source: str | None = None,
        id: str | None = None,  # the CloudEvents attribute's own name
        customer: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.source = source
        self.id = id
        self.customer = customer
