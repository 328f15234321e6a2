"""Begins a process of a pool with the modules that its parent has.

What a pool hands to a new process is unpickled there, and that imports the domain. So it travels as
bytes, and is unpickled once it is settled where modules come from.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable

from reminders.compiled.taking import take, taken

Begin = Callable[[bool, bytes], None]


def packed(start: Callable[..., None], *given: object) -> tuple[Begin, tuple[bool, bytes]]:
    """Initializer and arguments of a pool whose processes begin with `start(*given)`."""
    return begin, (taken(), pickle.dumps((start, given)))


def begin(compiled: bool, rest: bytes) -> None:
    """In the new process."""
    if compiled:
        take()
    start, given = pickle.loads(rest)  # noqa: S301  (our own parent wrote it)
    start(*given)
