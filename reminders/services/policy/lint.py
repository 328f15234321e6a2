"""Looks a policy file over before it may be in force: each fault with its line and its fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reminders.domain.errors import PolicyError
from reminders.domain.rules import HOUSE
from reminders.services.policy.files import beside, gather
from reminders.services.policy.findings import Finding, Rule, Severity, Subject
from reminders.services.policy.lint_caps import cap_findings
from reminders.services.policy.lint_conditions import condition_findings
from reminders.services.policy.lint_rungs import rung_findings
from reminders.services.policy.lint_shape import shape_findings, without_unknown
from reminders.services.policy.lint_stages import stage_findings
from reminders.services.policy.lint_words import word_findings
from reminders.services.policy.shape import CardName, PolicyShape
from reminders.services.policy.yaml_text import Place, line_of, lines, load


class Unreadable(PolicyError):
    """The file is not there, or is no YAML: nothing can be looked over."""


def lint(
    path: Path, templates: Path | None = None, served: frozenset[str] | None = None
) -> list[Finding]:
    """Every fault of a policy file, by line; warnings too. Raises `Unreadable`.

    Templates, packs and cards are those beside the policy's folder unless told otherwise. `served`:
    the channels that have a provider, where settings tell.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path}: cannot be read: {error}") from None
    except PolicyError as error:
        raise Unreadable(f"{path}: {error}") from None
    known = lines(text)
    found = shape_findings(data, known)
    if not shape_findings(without_unknown(data), known):
        shape = PolicyShape.model_validate(data)
        words = templates if templates is not None else beside(path, "templates")
        found += _named(path, shape, known) or _deeper(path, shape, known, words, served)
    return sorted(found, key=lambda each: (each.line, each.rule))


def errors(findings: list[Finding]) -> list[Finding]:
    """Those that keep a policy from being activated."""
    return [each for each in findings if each.severity is Severity.ERROR]


def _named(path: Path, shape: PolicyShape, known: Mapping[Place, int]) -> list[Finding]:
    """Packs and a card that are named and not there."""
    found = []
    folder = beside(path, "packs")
    there = sorted(each.stem for each in folder.glob("*.yaml"))
    if not shape.packs:
        line, fix = line_of(dict(known), ("packs",)), 'packs: {"*": house}, and others by country'
        found.append(Finding(line, Rule.PACK, "packs: none is named, no law would hold", fix))
    for place, pack in shape.packs.items():
        if folder.is_dir() and pack not in there:
            line = line_of(dict(known), ("packs", place))
            what, fix = f"packs.{place}: there is no pack {pack}", f"packs: {', '.join(there)}"
            found.append(Finding(line, Rule.PACK, what, fix))
    if isinstance(shape.risk, CardName):
        card = beside(path, "cards") / f"{shape.risk.card}.yaml"
        if not card.is_file():
            line = line_of(dict(known), ("risk",))
            what = f"risk: there is no card {shape.risk.card}"
            found.append(Finding(line, Rule.CARD, what, f"write {card.name} beside the others"))
    return found


def _deeper(
    path: Path,
    shape: PolicyShape,
    known: Mapping[Place, int],
    templates: Path,
    served: frozenset[str] | None,
) -> list[Finding]:
    try:
        policy = gather(path, shape=shape).with_shape(shape, {})
    except PolicyError as error:
        told = str(error).removeprefix(f"{path}: ")
        rule = Rule.CARD if told.startswith("card") else Rule.PACK
        place = "risk" if rule is Rule.CARD else "packs"
        fix = "mend that file"
        return [
            Finding(line_of(dict(known), (place,)), rule, one, fix) for one in told.splitlines()
        ]
    subject = Subject(policy, known, templates if templates.is_dir() else None, served)
    return list(_semantic(subject))


def _law_findings(subject: Subject) -> Iterator[Finding]:
    """A policy for every country under no country's law: lawful where the house's own figures are
    as strict, and most likely a slip."""
    policy = subject.policy
    if not policy.applies_to.jurisdictions and set(policy.pack_of.values()) <= {HOUSE}:
        yield Finding(
            subject.line("packs"), Rule.PACK,
            "packs: no jurisdiction's law is named, the house's own figures would hold everywhere",
            "name them as config/policies/default.yaml does, or say for whom: applies_to",
            Severity.WARNING,
        )  # fmt: skip


def _semantic(subject: Subject) -> Iterator[Finding]:
    yield from _law_findings(subject)
    yield from stage_findings(subject)
    yield from condition_findings(subject)
    yield from rung_findings(subject)
    yield from word_findings(subject)
    yield from cap_findings(subject)
