"""Faults of a policy's shape, each with its line, its rule and its fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from reminders.domain.customer import ChannelName
from reminders.services.policy.build import place_of
from reminders.services.policy.findings import Finding, Rule
from reminders.services.policy.shape import PolicyShape
from reminders.services.policy.yaml_text import Place, line_of

_EXTRA = "extra_forbidden"
_BEGIN = "begin with name: and version:, as config/policies/default.yaml does"
_LIKENESS = 0.7  # less, and `colour` is told to be meant as `holdout`
# By words of a fault, in this order: which rule it is and how to mend it.
_BY_WORDS: tuple[tuple[str, Rule, str], ...] = (
    ("ends before it begins", Rule.ENDS_BEFORE, "set until to a moment after at"),
    ("stands twice", Rule.STAGE_TWICE, "take one of the two out, or give it another name"),
    ("have one moment", Rule.SAME_DAY, "move one of the two, or make them one stage"),
    ("more than 1", Rule.SHARES, "lower the shares until they add up to 1 at the most"),
    ("must rise", Rule.CARD, "put the rows in rising order, from 0"),
)


def shape_findings(data: object, lines: Mapping[Place, int]) -> list[Finding]:
    """What the shape refuses. Empty: it can be read."""
    try:
        PolicyShape.model_validate(data)
    except ValidationError as error:
        return sorted(_findings(error, lines, data), key=lambda each: each.line)
    return []


def without_unknown(data: object) -> object:
    """The same without keys that nobody knows, so that the rest can be looked at too."""
    try:
        PolicyShape.model_validate(data)
    except ValidationError as error:
        for wrong in error.errors():
            if wrong["type"] == _EXTRA:
                _remove(data, place_of(wrong["loc"]))
    return data


def _remove(data: object, place: Place) -> None:
    inner: Any = data  # any of YAML's own types
    for part in place[:-1]:
        inner = inner[part]
    inner.pop(place[-1], None)


def _findings(
    error: ValidationError, lines: Mapping[Place, int], data: object
) -> Iterator[Finding]:
    meant = set()  # a key that is missing because it was misspelt is one fault
    for wrong in error.errors():
        place = place_of(wrong["loc"])
        if wrong["type"] == _EXTRA:
            near = _near(str(place[-1]))
            meant.add((*place[:-1], near))
            fix = f"did you mean {near}?" if near else "take it out, or see policy.schema.json"
            line, what = line_of(dict(lines), place), f"{_shown(place)} is unknown"
            yield Finding(line, Rule.UNKNOWN_KEY, what, fix)
    for wrong in error.errors():
        place = place_of(wrong["loc"])
        if not place and wrong["type"] == "model_type":
            yield Finding(1, Rule.SHAPE, "policy: no keys stand here", _BEGIN)
        elif wrong["type"] != _EXTRA and place not in meant:
            said = wrong["msg"].removeprefix("Value error, ")
            rule, fix = _rule(place, said)
            yield Finding(_line(place, said, lines, data), rule, f"{_shown(place)}: {said}", fix)


def _shown(place: Place) -> str:
    return ".".join(map(str, place)) or "policy"


def _rule(place: Place, said: str) -> tuple[Rule, str]:
    if place[-1:] == ("channel",):
        return Rule.CHANNEL, f"channels that can be granted: {', '.join(ChannelName)}"
    if place[-1:] == ("when",):
        return Rule.CONDITION, "see docs/policy-language.md for names and signs"
    for words, rule, fix in _BY_WORDS:
        if words in said:
            return rule, fix
    if place[:1] == ("risk",):
        return Rule.CARD, "see config/cards/house.yaml for a card that reads"
    return Rule.SHAPE, "see config/policies/policy.schema.json for what may stand there"


def _line(place: Place, said: str, lines: Mapping[Place, int], data: object) -> int:
    """Of two stages that do not go together, the line of the later one."""
    inner = (*place, said.partition(":")[0])
    if inner in lines:
        return lines[inner]
    if place == ("stages",) and isinstance(data, dict) and isinstance(data.get("stages"), list):
        words = said.replace(" have one moment", "").replace(" stands twice", "").split(" and ")
        for number, stage in reversed(list(enumerate(data["stages"]))):
            if isinstance(stage, dict) and stage.get("name") == words[-1]:
                return line_of(dict(lines), ("stages", number))
    return line_of(dict(lines), place)


def _near(key: str) -> str:
    """The known key that is most like this one, or ""."""
    return next(iter(get_close_matches(key, sorted(_KEYS), 1, _LIKENESS)), "")


def _keys(schema: object) -> Iterator[str]:
    """Every key that some part of a policy has."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from _keys(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _keys(inner)


_KEYS = frozenset(_keys(PolicyShape.model_json_schema()))
