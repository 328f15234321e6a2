"""Puts a policy in force, or takes it back: audited acts that nothing rewrites."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from reminders.domain.errors import DomainError
from reminders.ledger import policies
from reminders.ledger.locks import in_transaction
from reminders.ledger.policies import Act, Activation
from reminders.services.policy.bundle import Sources, sources_of
from reminders.services.policy.files import whole
from reminders.services.policy.force import in_force, newest, version_before

log = structlog.get_logger(__name__)


class ActivationRefused(DomainError):
    """The act would do nothing, or what nobody can have meant; the message says what to do."""


def activate(
    engine: Engine,
    sources: Sources,
    *,
    now: datetime,
    actor: str,
    reason: str,
    starts_at: datetime | None = None,
    gate: bytes = b"",
) -> Activation:
    """Freeze a policy and put it in force from `starts_at` (business time; None: `now`).

    Raises `ActivationRefused`, `PolicyError`, and `LedgerError` if its label has another text.
    """
    _said(actor, reason)
    starts = starts_at or now
    if starts < now:
        raise ActivationRefused(f"{starts.isoformat()} is past: what was sent stays as it was")
    given = sources.shape()

    def work(connection: Connection) -> Activation:
        policies.lock(connection)
        _freeze(connection, sources, given.name, given.version)
        ruling = in_force(policies.activations(connection), starts).get(given.name)
        if ruling is not None and ruling.version == given.version:
            raise ActivationRefused(f"{ruling.label} is in force already: raise the version")
        policies.record(
            connection, given.name, given.version, starts, Act.ACTIVATE,
            actor=actor, reason=reason, gate=gate,
        )  # fmt: skip
        return policies.activations(connection)[-1]

    return _told(in_transaction(engine, work))


def rollback(engine: Engine, name: str, *, now: datetime, actor: str, reason: str) -> Activation:
    """Put the version before in force again; what has not started yet is taken back.

    A policy that had no version before is withdrawn, unless no other would be left.
    """
    _said(actor, reason)

    def work(connection: Connection) -> Activation:
        policies.lock(connection)
        acts = policies.activations(connection)
        target = newest(acts, name, now)
        if target is None:
            known = ", ".join(sorted(in_force(acts, now))) or "none"
            raise ActivationRefused(f"no policy {name} is in force; in force: {known}")
        starts = max(now, target.starts_at)
        before = version_before(acts, target)
        act = Act.ROLLBACK if before is not None else Act.WITHDRAW
        if before is None and in_force(acts, starts).keys() <= {name}:
            raise ActivationRefused(f"{target.label} is the only policy: nothing was before it")
        policies.record(
            connection, name, before or target.version, starts, act, actor=actor, reason=reason
        )
        return policies.activations(connection)[-1]

    return _told(in_transaction(engine, work))


def _freeze(connection: Connection, sources: Sources, name: str, version: int) -> None:
    held = policies.body(connection, name, version)
    if held is None:
        policies.freeze(connection, name, version, whole(sources)[1])
    elif sources_of(held) != sources:  # other holidays alone are no other text
        raise policies.other_text(name, version)


def _said(actor: str, reason: str) -> None:
    if not actor.strip():
        raise ActivationRefused("say who: --actor")
    if not reason.strip():
        raise ActivationRefused("say why: --reason")


def _told(act: Activation) -> Activation:
    log.info(
        "policy activation",
        act=str(act.act),
        policy=act.label,
        starts_at=act.starts_at.isoformat(),
        actor=act.actor,
        reason=act.reason,
    )
    return act
