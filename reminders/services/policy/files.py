"""A policy file and what it names, read together and frozen as one text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reminders.domain.errors import PolicyError
from reminders.domain.policy import Policy
from reminders.services.policy import law
from reminders.services.policy.bundle import Sources, dump
from reminders.services.policy.shape import CardName


def gather(path: Path, packs: Path | None = None, cards: Path | None = None) -> Sources:
    """The texts of a policy and of what it names. Raises `PolicyError`, which names the file.

    Packs and cards lie beside the folder of the policy unless told otherwise.
    """
    text = law.text_of(path)
    try:
        given = Sources(text).shape()
        beside = path.resolve().parent.parent
        card = ""
        if isinstance(given.risk, CardName):
            card = law.text_of((cards or beside / "cards") / f"{given.risk.card}.yaml")
        return Sources(text, law.pack_texts(packs or beside / "packs", given.packs.values()), card)
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
