"""Spares the garbage collector what lives as long as the process."""

from __future__ import annotations

import gc

# Objects made between two looks for cycles: ten batches make about as many. With Python's own 700
# the collector walked all that a process has imported several times a batch, a quarter of its CPU.
YOUNG, MIDDLE, OLD = 50_000, 20, 50


def settle(*, collect: bool = True) -> None:
    """Call it once all is loaded: it is never looked at again, and new objects more rarely.

    Not to `collect` what imports left behind saves the start of what lives for seconds.
    """
    if collect:
        gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
