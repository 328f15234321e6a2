"""What the linter finds: which rule, on which line, what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from reminders.domain.policy import Policy
from reminders.services.policy.yaml_text import Place, line_of


class Rule(StrEnum):
    UNREADABLE = "unreadable"
    SHAPE = "shape"
    UNKNOWN_KEY = "unknown-key"
    ENDS_BEFORE = "ends-before"
    STAGE_TWICE = "stage-twice"
    CHANNEL = "ungranted-channel"
    CONDITION = "condition"
    NEVER_HOLDS = "never-holds"
    NEVER_CONFIRMS = "never-confirms"
    NO_PROVIDER = "no-provider"
    SHARES = "shares"
    CARD = "card"
    PACK = "pack"
    NO_LEGAL_HOUR = "no-legal-hour"
    SHADOWED = "shadowed"
    SAME_DAY = "same-day"
    TEMPLATE = "no-template"
    OFFER = "offer"
    OVER_CAP = "over-cap"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"  # true of some customers only, or mended by the system by itself


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a policy file; `line` counts from 1."""

    line: int
    rule: Rule
    what: str
    fix: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Subject:
    """A policy that reads well, with the lines of its file and where its words lie; `served` are
    the channels that have a provider, None where no settings are at hand."""

    policy: Policy
    lines: Mapping[Place, int] = field(default_factory=dict)
    templates: Path | None = None
    served: frozenset[str] | None = None

    def stage_line(self, name: str) -> int:
        """The line of a stage, or of the list of stages."""
        for number, stage in enumerate(self.policy.stages):
            if stage.name == name:
                return self.line("stages", number)
        return self.line("stages")

    def line(self, *place: str | int) -> int:
        return line_of(dict(self.lines), place)

    def places(self) -> dict[str, str]:
        """Pack → a jurisdiction where it rules (`*` for one that is not named); without packs, the
        policy alone."""
        found: dict[str, str] = {}
        for place, pack in self.policy.pack_of.items():
            found.setdefault(pack, place)
        return found or {"": ""}
