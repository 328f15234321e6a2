"""The independent auditor: the rules written a second time, over logs and published events only.

It reads none of the system's tables and shares no rule with `reminders.domain`: what both get
wrong in the same way is the only thing it cannot see.
"""

from reminders.services.demo.auditor.audit import Audit, Inputs, audit
from reminders.services.demo.auditor.finding import CHECKS, Finding

__all__ = ["CHECKS", "Audit", "Finding", "Inputs", "audit"]
