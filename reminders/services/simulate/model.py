"""The declared model of what becomes of messages, read from its file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.fates import ChannelModel, Model

Share = Annotated[float, Field(ge=0, le=1)]


class _Delay(BaseModel):
    """Seconds at the quantiles of a delay; between them it is drawn on a straight line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: Annotated[int, Field(ge=0)] = 0
    p50: Annotated[int, Field(ge=0)]
    p90: Annotated[int, Field(ge=0)]
    p99: Annotated[int, Field(ge=0)]
    most: Annotated[int, Field(ge=0)]


class _Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cost_of_1000_minor: Annotated[int, Field(ge=0)]
    unknown_address: Share = 0
    refused: Share = 0
    delivered: Share
    undelivered: Share = 0
    read: Share = 0
    opts_out: Share = 0
    tells_delivery: bool = True
    delivery_seconds: _Delay
    read_seconds: _Delay


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: Annotated[int, Field(ge=1)]
    seed: int
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    channels: Annotated[dict[str, _Channel], Field(min_length=1)]


def read_model(path: Path, seed: int | None = None) -> Model:
    """The model in a YAML file, with another seed if one is given. Raises `BadInput`."""
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
        given = _Model.model_validate(read if isinstance(read, dict) else {})
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{path}: {where}: {first['msg']}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a month 13, no text at all
        raise BadInput(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    channels = {name: _channel(each) for name, each in sorted(given.channels.items())}
    used = given.seed if seed is None else seed
    return Model(given.name, given.version, used, given.currency, channels)


def _channel(given: _Channel) -> ChannelModel:
    return ChannelModel(
        cost_of_1000_minor=given.cost_of_1000_minor,
        unknown_address=given.unknown_address,
        refused=given.refused,
        delivered=given.delivered,
        undelivered=given.undelivered,
        read=given.read,
        opts_out=given.opts_out,
        tells_delivery=given.tells_delivery,
        delivery=_seconds(given.delivery_seconds),
        reading=_seconds(given.read_seconds),
    )


def _seconds(given: _Delay) -> tuple[int, ...]:
    return given.least, given.p50, given.p90, given.p99, given.most
