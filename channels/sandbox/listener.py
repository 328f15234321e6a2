"""What every simulated server does with its socket, whichever protocol is spoken over it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar


class Conversation(asyncio.Protocol, ABC):
    """One client's connection. It puts itself into the set that it was made with, and out again."""

    @abstractmethod
    def close(self) -> None: ...


Talk = TypeVar("Talk", bound=Conversation)


class Listener(Generic[Talk]):
    """Listens on 127.0.0.1, and ends its conversations when it closes."""

    def __init__(self, converse: Callable[[set[Talk]], Talk]) -> None:
        """`converse` makes the asyncio protocol of one connection."""
        self._converse = converse
        self.connections: set[Talk] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        """Listen on the port, 0 for any free one; `port` then says which."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: self._converse(self.connections), "127.0.0.1", port, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for conversation in tuple(self.connections):
                conversation.close()
            await self._server.wait_closed()
            # Connections say farewell on the loop's next turns.
            while self.connections:
                await asyncio.sleep(0)
