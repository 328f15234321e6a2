"""Policies from files and from frozen texts, as every use-case asks for them."""

from __future__ import annotations

from reminders.services.policy.bundle import parse
from reminders.services.policy.files import read

__all__ = ["parse", "read"]
