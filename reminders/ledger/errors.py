"""The ledger's errors."""

from __future__ import annotations


class LedgerError(Exception):
    """Something the ledger refuses; the message says what to do."""


class UnknownKey(LedgerError):
    """Ciphertext whose key is not at hand."""
