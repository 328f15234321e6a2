"""Errors of the task queue: each a line for whoever asked."""

from __future__ import annotations

from reminders.domain.errors import DomainError


class TaskError(DomainError):
    """A task that cannot be had or worked on as it was asked for."""


class UnknownTask(TaskError):
    """No task of this id was ever made."""
