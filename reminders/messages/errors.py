"""Errors of the messages room."""

from __future__ import annotations


class TemplateError(ValueError):
    """A message that cannot be written; one line that says which template, and why."""
