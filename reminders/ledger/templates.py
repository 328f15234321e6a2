"""Acts on the words of notices: who proposed, approved or took back which (append-only)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_INSERT = text(
    "INSERT INTO template_act (template, content, act, actor, reason)"
    " VALUES (:template, :content, :act, :actor, :reason)"
)
_ALL = text(
    "SELECT template, content, act, actor, reason, at FROM template_act ORDER BY act_no DESC LIMIT"
    " 10000"
)
_OF = text(
    "SELECT template, content, act, actor, reason, at FROM template_act"
    " WHERE template = :template AND content = :content ORDER BY act_no"
)
# Two people who act on the same words at once wait for each other: the second sees the first.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('template_act ' || :template, 0))")


@dataclass(frozen=True, slots=True)
class TemplateAct:
    """One act. `content` is the hash of the words that it is about; `at` is the machine clock's."""

    template: str
    content: str
    act: str
    actor: str
    reason: str
    at: datetime


def lock(connection: Connection, template: str) -> None:
    """Hold the acts on one template until the transaction ends."""
    connection.execute(_LOCK, {"template": template})


def keep(
    connection: Connection, template: str, content: str, act: str, actor: str, reason: str
) -> None:
    connection.execute(
        _INSERT,
        {"template": template, "content": content, "act": act, "actor": actor, "reason": reason},
    )


def of(connection: Connection, template: str, content: str) -> list[TemplateAct]:
    """The acts on exactly these words, oldest first."""
    found = connection.execute(_OF, {"template": template, "content": content})
    return [TemplateAct(*row) for row in found]


def every(connection: Connection) -> Sequence[TemplateAct]:
    """The newest ten thousand acts, oldest first."""
    return [TemplateAct(*row) for row in connection.execute(_ALL)][::-1]
