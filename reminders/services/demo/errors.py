"""What can be wrong with what the demo is given."""

from __future__ import annotations


class BadData(ValueError):
    """The portfolio's file, or a recorded run, is not what it should be."""
