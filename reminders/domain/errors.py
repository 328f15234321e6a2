"""The domain's errors: a class only where someone branches on it."""

from __future__ import annotations


class DomainError(Exception):
    """A rule of the domain was broken; the message says which and by what."""


class IllegalTransition(DomainError):
    """A state change that the transition table does not hold."""


class PolicyError(DomainError):
    """A policy file says something that cannot be carried out."""
