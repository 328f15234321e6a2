"""Policy versions as they were when first used; a label never changes its meaning."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection, text

from reminders.ledger.errors import LedgerError

_ADD = text(
    "INSERT INTO policy_version (name, version, body, digest)"
    " VALUES (:name, :version, :body, :digest) ON CONFLICT DO NOTHING"
)
_GET = text("SELECT body, digest FROM policy_version WHERE name = :name AND version = :version")


def freeze(connection: Connection, name: str, version: int, body: str) -> None:
    """Keep this text as name@version. Raises `LedgerError` if that label has another text."""
    digest = sha256(body.encode()).digest()
    key = {"name": name, "version": version}
    connection.execute(_ADD, {**key, "body": body, "digest": digest})
    row = connection.execute(_GET, key).one()
    if bytes(row[1]) != digest:
        raise LedgerError(
            f"policy {name}@{version} is already in use with another text: raise its version"
        )


def body(connection: Connection, name: str, version: int) -> str | None:
    """The frozen text of name@version."""
    row = connection.execute(_GET, {"name": name, "version": version}).first()
    return None if row is None else str(row[0])
