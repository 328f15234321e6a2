"""Points cards as YAML, alone in a file or inside a policy: read, checked, turned into the domain's
own."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reminders.domain.scorecard import Characteristic, Feature, RiskCard
from reminders.domain.tier import Tier
from reminders.services.risk.errors import CardError

NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
Points = Annotated[int, Field(strict=True, ge=-1000, le=1000)]
Bound = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CharacteristicModel(_Strict):
    """One input of a card: `[from, points]` with rising lower bounds."""

    feature: Feature
    bins: tuple[tuple[Bound, Points], ...]
    missing: Points = 0

    @model_validator(mode="after")
    def _rising(self) -> Self:
        bounds = [least for least, _ in self.bins]
        if not bounds or bounds != sorted(set(bounds)):
            raise ValueError(f"the bins of {self.feature} must rise")
        return self


class CardModel(_Strict):
    """A points card as it is written; a policy holds the same under `risk:`.

    Emptiness is asked in the validators: as a constraint of a field, pydantic tells it again for
    every fault inside.
    """

    name: Annotated[str, Field(pattern=NAME)]
    version: Annotated[int, Field(strict=True, ge=1)]
    characteristics: tuple[CharacteristicModel, ...]
    tiers: tuple[tuple[Annotated[int, Field(strict=True)], Tier], ...]
    hysteresis: Annotated[int, Field(strict=True, ge=0, le=1000)] = 0
    base: Points = 0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        features = [each.feature for each in self.characteristics]
        for feature in features:
            if features.count(feature) > 1:
                raise ValueError(f"characteristics: {feature} stands twice")
        if not features:
            raise ValueError("characteristics: a card needs one at least")
        points = [least for least, _ in self.tiers]
        if points[:1] != [0] or points != sorted(set(points)):
            raise ValueError("tiers: points must rise from 0")
        tiers = [tier for _, tier in self.tiers]
        if tiers != sorted(set(tiers)):
            raise ValueError("tiers: R0 to R3 must rise with the points")
        return self

    def card(self) -> RiskCard:
        return RiskCard(
            name=self.name,
            version=self.version,
            characteristics=tuple(
                Characteristic(each.feature, each.bins, each.missing)
                for each in self.characteristics
            ),
            tiers=self.tiers,
            hysteresis=self.hysteresis,
            base=self.base,
        )


def card_from(data: object) -> RiskCard:
    """A card from YAML's or JSON's own types. Raises `CardError` with one line per fault."""
    try:
        return CardModel.model_validate(data).card()
    except ValidationError as error:
        lines = []
        for wrong in error.errors():
            where = ".".join(str(part) for part in wrong["loc"]) or "card"
            lines.append(f"{where}: {wrong['msg'].removeprefix('Value error, ')}")
        raise CardError("\n".join(lines)) from None


def read_card(path: Path) -> RiskCard:
    """The card in a file. Raises `CardError`, which names the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CardError(f"{path}: cannot be read: {why}") from None
    try:
        return card_from(yaml.load(text, _Loader))  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise CardError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise CardError(f"{path}: nested too deep") from None
    except CardError as error:
        raise CardError(f"{path}: {error}") from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        # Any: what YAML may hold is not known before `card_from` has looked.
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise CardError(f"line {node.start_mark.line + 1}: {name} stands twice")
        return super().construct_mapping(node, deep)
