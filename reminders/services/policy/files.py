"""A policy file and what it names, read together and frozen as one text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reminders.domain.errors import PolicyError
from reminders.domain.policy import Policy
from reminders.services.policy import law
from reminders.services.policy.bundle import Sources, dump
from reminders.services.policy.shape import CardName, PolicyShape

SHIPPED = Path(__file__).parents[3] / "config"


def beside(path: Path, folder: str) -> Path:
    """Where packs, cards and templates lie: beside the folder of the policy, or, for a policy that
    is written elsewhere, where those lie that are shipped: it must not be without a law."""
    near = path.resolve().parent.parent / folder
    return near if near.is_dir() else SHIPPED / folder


def gather(
    path: Path,
    packs: Path | None = None,
    cards: Path | None = None,
    *,
    shape: PolicyShape | None = None,
) -> Sources:
    """The texts of a policy and of what it names. Raises `PolicyError`, which names the file.

    `shape` is the policy's if it was read before.
    """
    text = law.text_of(path)
    try:
        given = shape or Sources(text).shape()
        card = ""
        if isinstance(given.risk, CardName):
            card = law.text_of((cards or beside(path, "cards")) / f"{given.risk.card}.yaml")
        named = law.pack_texts(packs or beside(path, "packs"), given.packs.values())
        return Sources(text, named, card)
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None


def read(path: Path, packs: Path | None = None, cards: Path | None = None) -> tuple[Policy, str]:
    """The policy in a file, and the text by which it is frozen. Raises `PolicyError`.

    Holidays are those known today: last year's to those of the year after next.
    """
    sources = gather(path, packs, cards)
    try:
        return whole(sources)
    except PolicyError as error:
        raise PolicyError(f"{path}: {error}") from None


def whole(sources: Sources) -> tuple[Policy, str]:
    """The policy that the texts make with the holidays known today, and its frozen text."""
    places = sources.shape().packs if sources.packs else ()
    calendars = law.calendars(places, datetime.now(UTC).year)
    return sources.policy_of(calendars), dump(sources, calendars)
