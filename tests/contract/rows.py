"""The rows of providers whose lines the sandbox opens on demand."""

from __future__ import annotations

from tests.contract.row import Row

FURTHER: tuple[Row, ...] = ()
