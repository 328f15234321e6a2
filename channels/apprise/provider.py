"""The Apprise channel: each address names its service; the library answers yes or no."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from channels.apprise.notifying import Limits, Told, load, notify
from channels.apprise.services import is_allowed, scheme_of
from channels.apprise.settings import AppriseSettings, capabilities
from channels.contract import Answer, Message, Post
from channels.contract import Told as Heard
from channels.errors import ReceiptError
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent

# What the library said → outcome; why a service took nothing it does not tell.
OUTCOMES: dict[Told, Outcome] = {
    Told.NOT_TAKEN: Transient("not taken"),
    Told.NO_SERVICE: Permanent("invalid_address", dead_contact=True),
    Told.PRIVATE: Permanent("private_address", dead_contact=True),
}


class AppriseChannel:
    """See `channels.contract.Channel`."""

    def __init__(self, settings: AppriseSettings) -> None:
        self.name = settings.name
        self.capabilities = capabilities(settings)
        self._schemes = settings.schemes
        self._timeout_s = settings.timeout.total_seconds()
        # Twice ours: the wait here ends first, and a thread that is left behind ends by itself.
        self._limits = Limits(2 * self._timeout_s, settings.allow_private)
        self._threads = ThreadPoolExecutor(settings.concurrency, thread_name_prefix=settings.name)
        self._free = settings.concurrency
        self._loading: asyncio.Future[None] | None = None

    def prepare(self) -> None:
        """See `channels.contract.PreparedChannel`."""
        load()

    async def send(self, message: Message) -> Outcome:
        if not is_allowed(scheme_of(message.address), self._schemes):
            return Permanent("service_not_allowed", dead_contact=True)
        if not await self._loaded():
            return Transient("library not loaded")
        if message.start_by is not None and time.monotonic() >= message.start_by:
            return Unsent("its time to begin had passed")
        if self._free <= 0:  # every thread waits for a service: nobody queues behind them
            return Transient("all threads busy")
        self._free -= 1
        # Such a service shows what it is given and has no button: the link is part of the words.
        body = f"{message.text}\n{message.link}" if message.link else message.text
        call = asyncio.get_running_loop().run_in_executor(
            self._threads, notify, message.address, message.subject, body, self._limits
        )
        call.add_done_callback(self._done)
        try:
            told = await asyncio.wait_for(asyncio.shield(call), self._timeout_s)
        except TimeoutError:
            return Uncertain("no answer: TimeoutError")
        except Exception as error:  # the library's plugins are many hands' work
            return Uncertain(f"no answer: {type(error).__name__}")
        return OUTCOMES.get(told) or Accepted(message.idempotency_key)

    async def _loaded(self) -> bool:
        """The library's import is not part of anybody's time to answer."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().run_in_executor(self._threads, load)
        if not self._loading.done():
            await asyncio.wait([self._loading])
        return self._loading.exception() is None

    def _done(self, call: asyncio.Future[Told]) -> None:
        self._free += 1
        if not call.cancelled():
            call.exception()  # seen: one that came after the wait is nobody's news

    async def ask(self, idempotency_key: str) -> Outcome | None:
        return None

    def hear(self, post: Post) -> Heard:
        raise ReceiptError("Apprise tells nothing of what became of a message")

    def verify(self, post: Post) -> bool:
        return False

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
