"""Every version of every policy: since when it is in force, until when it was, and by whose act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine

from reminders.domain.errors import PolicyError
from reminders.ledger import policies
from reminders.ledger.policies import Activation
from reminders.services.policy.bundle import Sources, sources_of
from reminders.services.policy.force import ahead, in_force


class Standing(StrEnum):
    IN_FORCE = "in force"
    AHEAD = "starts later"
    PAST = "past"
    FROZEN = "frozen only"


@dataclass(frozen=True, slots=True)
class Version:
    """A frozen version and every act about it, the oldest first."""

    name: str
    version: int
    standing: Standing
    acts: tuple[Activation, ...]

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


def versions(engine: Engine, now: datetime) -> list[Version]:
    """Every version that the ledger keeps, by name and number."""
    with engine.connect() as connection:
        kept = policies.versions(connection)
        acts = policies.activations(connection)
    ruling = {act.label for act in in_force(acts, now).values()}
    waiting = {act.label for act in ahead(acts, now)}
    return [_version(name, number, acts, ruling, waiting) for name, number in kept]


def in_force_of(engine: Engine, name: str, now: datetime) -> str | None:
    """The label of the policy of this name that is in force."""
    with engine.connect() as connection:
        act = in_force(policies.activations(connection), now).get(name)
    return None if act is None else act.label


def _version(
    name: str, number: int, acts: list[Activation], ruling: set[str], waiting: set[str]
) -> Version:
    label = f"{name}@{number}"
    own = tuple(act for act in acts if act.label == label)
    standing = Standing.PAST if own else Standing.FROZEN
    if label in ruling:
        standing = Standing.IN_FORCE
    elif label in waiting:
        standing = Standing.AHEAD
    return Version(name, number, standing, own)


def frozen(engine: Engine, wanted: str, now: datetime) -> tuple[str, Sources, str]:
    """The label, the texts and the whole frozen text of NAME@VERSION, or of the version of NAME
    that is in force, else of its newest. Raises `PolicyError`."""
    kept = versions(engine, now)
    found = next((each for each in kept if each.label == wanted), None)
    named = [each for each in kept if each.name == wanted]
    if found is None and named:
        found = next((each for each in named if each.standing is Standing.IN_FORCE), named[-1])
    if found is None:
        known = ", ".join(each.label for each in kept) or "none"
        raise PolicyError(f"no policy {wanted} is in the ledger; it keeps {known}")
    with engine.connect() as connection:
        text = policies.body(connection, found.name, found.version)
    if text is None:
        raise PolicyError(f"policy {found.label} is in no ledger")
    return found.label, sources_of(text), text
