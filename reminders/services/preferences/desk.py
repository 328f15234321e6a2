"""The preference page's acts on the ledger: what is opened is opened with the first visit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from uuid import UUID

from reminders.domain.customer import EVERY_KIND
from reminders.services.preferences.alarm import CUSTOMER, PAGE, UNSUBSCRIBE_LINK
from reminders.services.preferences.change import Changed, change, choose_offsets
from reminders.services.preferences.disclosure import acknowledge
from reminders.services.preferences.show import Standing, show
from reminders.services.resources import Resources


class LedgerDesk:
    """Acts as the customer, from the page. Safe to share between threads."""

    def __init__(self, opening: Callable[[], Resources]) -> None:
        self._opening = opening
        self._opened: Resources | None = None
        self._lock = Lock()

    def show(self, ref: str) -> Standing:
        return show(self._resources(), ref)

    def change(self, ref: str, channel: str, kind: str, allowed: bool) -> Changed:
        return change(
            self._resources(), ref, channel, kind, allowed=allowed, actor=CUSTOMER, source=PAGE
        )

    def unsubscribe(self, ref: str, channel: str) -> None:
        change(
            self._resources(),
            ref,
            channel,
            EVERY_KIND,
            allowed=False,
            actor=CUSTOMER,
            source=UNSUBSCRIBE_LINK,
        )

    def choose(self, ref: str, offsets: Sequence[int]) -> None:
        choose_offsets(self._resources(), ref, offsets, actor=CUSTOMER)

    def acknowledge(self, ref: str, change_no: UUID, version: str, language: str) -> bool:
        return acknowledge(self._resources(), ref, change_no, version, language, PAGE)

    def close(self) -> None:
        """Give the connections back, where any were opened."""
        if self._opened is not None:
            self._opened.engine.dispose()
            self._opened.redis.close()

    def _resources(self) -> Resources:
        with self._lock:
            if self._opened is None:
                self._opened = self._opening()
            return self._opened
