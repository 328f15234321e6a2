"""Policy versions as they were when first used, and who put which in force, when and why.

A label never changes its meaning, and an act is never rewritten: taking one back is an act too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import Connection, text

from reminders.ledger.errors import LedgerError


class Act(StrEnum):
    """What was done with a policy."""

    START = "start"  # the settings' own policy, of a ledger that had none
    ACTIVATE = "activate"
    ROLLBACK = "rollback"  # to the version before
    WITHDRAW = "withdraw"  # there was none before: the policy is in force no more


@dataclass(frozen=True, slots=True)
class Activation:
    """One act: from `starts_at` (business time) this version of `name` is in force."""

    number: int
    name: str
    version: int
    starts_at: datetime
    act: Act
    actor: str
    reason: str
    at: datetime  # machine time
    gate: bytes = b""  # the thresholds and figures that it passed, if it was asked to

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


_ADD = text(
    "INSERT INTO policy_version (name, version, body, digest)"
    " VALUES (:name, :version, :body, :digest) ON CONFLICT DO NOTHING"
)
_GET = text("SELECT body, digest FROM policy_version WHERE name = :name AND version = :version")
_VERSIONS = text("SELECT name, version FROM policy_version ORDER BY name, version")
_LOCK = text("LOCK TABLE policy_activation IN SHARE ROW EXCLUSIVE MODE")
_ACT = text(
    "INSERT INTO policy_activation (name, version, starts_at, act, actor, reason, gate)"
    " VALUES (:name, :version, :starts_at, :act, :actor, :reason, :gate)"
)
_ACTS = text(
    "SELECT activation_no, name, version, starts_at, act, actor, reason, at, gate"
    " FROM policy_activation ORDER BY activation_no"
)


def freeze(connection: Connection, name: str, version: int, body: str) -> None:
    """Keep this text as name@version. Raises `LedgerError` if that label has another text."""
    digest = sha256(body.encode()).digest()
    key = {"name": name, "version": version}
    connection.execute(_ADD, {**key, "body": body, "digest": digest})
    row = connection.execute(_GET, key).one()
    if bytes(row[1]) != digest:
        raise other_text(name, version)


def other_text(name: str, version: int) -> LedgerError:
    """The label is taken, by another text."""
    return LedgerError(
        f"policy {name}@{version} is already in use with another text: raise its version"
    )


def body(connection: Connection, name: str, version: int) -> str | None:
    """The frozen text of name@version."""
    row = connection.execute(_GET, {"name": name, "version": version}).first()
    return None if row is None else str(row[0])


def versions(connection: Connection) -> list[tuple[str, int]]:
    """Every frozen (name, version), sorted."""
    return [(str(row[0]), int(row[1])) for row in connection.execute(_VERSIONS)]


def lock(connection: Connection) -> None:
    """Let no other act happen until this transaction ends; readers are not held up."""
    connection.execute(_LOCK)


def record(
    connection: Connection,
    name: str,
    version: int,
    starts_at: datetime,
    act: Act,
    *,
    actor: str,
    reason: str,
    gate: bytes = b"",
) -> None:
    """Keep an act. Take `lock` first, in the same transaction."""
    connection.execute(
        _ACT,
        {
            "name": name,
            "version": version,
            "starts_at": starts_at,
            "act": act,
            "actor": actor,
            "reason": reason,
            "gate": gate,
        },
    )


def activations(connection: Connection) -> list[Activation]:
    """Every act, in the order in which they were done."""
    return [
        Activation(
            number=row[0],
            name=row[1],
            version=row[2],
            starts_at=row[3],
            act=Act(row[4]),
            actor=row[5],
            reason=row[6],
            at=row[7],
            gate=bytes(row[8]),
        )
        for row in connection.execute(_ACTS)
    ]
