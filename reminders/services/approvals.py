"""A second person's approval of what the law orders to say: of exactly these words, or none."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from reminders.ledger import templates as ledger
from reminders.ledger.templates import TemplateAct
from reminders.messages.facts import NOTICES, Rendered, clean

_FRESH_S = 5.0  # a revoked approval is honoured at most so much longer
_ACTOR_MAX, _REASON_MAX = 64, 500


class Act(StrEnum):
    PROPOSE = "propose"
    APPROVE = "approve"
    REVOKE = "revoke"


class ApprovalError(ValueError):
    """What was asked cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the words of one template stand: who proposed them, and who approved them."""

    proposed_by: str = ""
    approved_by: str = ""


def standing(acts: Iterable[TemplateAct]) -> Standing:
    """What the acts on the same words come to, oldest first."""
    found = Standing()
    for each in acts:
        match each.act:
            case Act.PROPOSE:
                found = Standing(each.actor)
            case Act.APPROVE if found.proposed_by and not _same(each.actor, found.proposed_by):
                found = Standing(found.proposed_by, each.actor)
            case Act.REVOKE:
                found = Standing()
    return found


def standings(connection: Connection) -> Mapping[tuple[str, str], Standing]:
    """Where everything stands, by template and hash of its words."""
    acts: dict[tuple[str, str], list[TemplateAct]] = {}
    for each in ledger.every(connection):
        acts.setdefault((each.template, each.content), []).append(each)
    return {key: standing(group) for key, group in acts.items()}


def act(engine: Engine, what: Act, template: str, content: str, actor: str, reason: str) -> None:
    """Keep one act. Raises `ApprovalError` where it may not be."""
    actor, reason = clean(actor), clean(reason)
    if not actor or len(actor) > _ACTOR_MAX:
        raise ApprovalError(f"say who you are, in at most {_ACTOR_MAX} characters")
    if len(reason) > _REASON_MAX:
        raise ApprovalError(f"a reason has at most {_REASON_MAX} characters")
    with engine.begin() as connection:
        ledger.lock(connection, template)
        now = standing(ledger.of(connection, template, content))
        wrong = _wrong(what, now, template, actor)
        if wrong:
            raise ApprovalError(wrong)
        ledger.keep(connection, template, content, what, actor, reason)


def _wrong(what: Act, now: Standing, template: str, actor: str) -> str:
    match what:
        case Act.PROPOSE:
            return f"{template} is proposed already, by {now.proposed_by}" * bool(now.proposed_by)
        case Act.APPROVE if not now.proposed_by:
            return f"nobody proposed {template} with these words: propose it first"
        case Act.APPROVE if now.approved_by:
            return f"{template} is approved already, by {now.approved_by}"
        case Act.APPROVE if _same(now.proposed_by, actor):
            return f"{actor} proposed {template}: another person must approve it"
        case Act.REVOKE if not now.proposed_by:
            return f"{template} is neither proposed nor approved with these words"
    return ""


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


class Approvals:
    """What is approved, asked of the ledger at most every few seconds. Safe to share by threads.

    It asks by a connection of its own: the gate, which wants to know, holds one already, and a
    process may have no second.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = create_engine(
            engine.url,
            poolclass=NullPool,
            hide_parameters=True,
            connect_args={"connect_timeout": 5, "options": "-c statement_timeout=5s"},
        )
        self._lock = Lock()
        self._known: Mapping[tuple[str, str], Standing] = {}
        self._until = 0.0

    def missing(self, rendered: Rendered) -> str:
        """Why a message must not be sent yet; "" where it may."""
        if rendered.kind not in NOTICES:
            return ""
        template = rendered.template.rpartition("@")[0]
        if self._all().get((template, rendered.content), Standing()).approved_by:
            return ""
        return (
            f"{rendered.template} is not approved by a second person:"
            f" reminders messages propose {template}, then approve"
        )

    def ask(self) -> Mapping[tuple[str, str], Standing]:
        """Everything that the ledger knows now."""
        with self._engine.connect() as connection:
            return standings(connection)

    def _all(self) -> Mapping[tuple[str, str], Standing]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._known = self.ask()
                self._until = time.monotonic() + _FRESH_S
            return self._known
