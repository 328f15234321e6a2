"""The shape of a pack file. Every figure says where it comes from and how far it was checked."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from reminders.domain.compliance import Content, Count, Mark, Role, Scope, Source, Window
from reminders.domain.customer import ChannelName
from reminders.domain.kinds import MessageClass, MessageKind

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Words = Annotated[str, Field(min_length=1)]
Days = Annotated[int, Field(strict=True, ge=1, le=36_500)]
# A year and a month: longer windows would need usage that is not kept at hand.
_MAX_DAYS = 400

_HOURS = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])-((?:[01][0-9]|2[0-3]):[0-5][0-9])")


def _span(value: object) -> tuple[time, time]:
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('write it in quotes as local hours such as "08:00-22:00"')
    return time.fromisoformat(found[1]), time.fromisoformat(found[2])


class Strict(BaseModel):
    """Refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cited(Strict):
    """Something that a pack asks for, with its source."""

    cite: Words
    mark: Mark

    @property
    def source(self) -> Source:
        return Source(self.cite, self.mark)


class ClosedShape(Cited):
    """Days without any hour."""

    weekdays: tuple[Weekday, ...] = ()
    holidays: bool = False


class HoursShape(Cited):
    """The hours of one class."""

    allow: Annotated[tuple[time, time], BeforeValidator(_span)]
    closed: ClosedShape | None = None


class CapShape(Cited):
    """One cap: `length` in hours for a rolling window, in days for the others."""

    id: Id
    count: Count
    limit: Annotated[int, Field(strict=True, ge=0, le=100_000)]
    window: Window
    length: Annotated[int, Field(strict=True, ge=1, le=_MAX_DAYS * 24)] = 1
    scope: Annotated[tuple[Scope, ...], Field(min_length=1)]
    channels: tuple[ChannelName, ...] = ()
    classes: tuple[MessageClass, ...] = ()
    exempt: tuple[MessageClass, ...] = ()

    @model_validator(mode="after")
    def _of_one_meaning(self) -> Self:
        if self.window is Window.BILL and Scope.BILL not in self.scope:
            raise ValueError(f"{self.id}: a bill's life needs the scope bill")
        if self.window in (Window.LOCAL_DAY, Window.AFTER) and self.length > _MAX_DAYS:
            raise ValueError(f"{self.id}: at most {_MAX_DAYS} days")
        if self.exempt and self.mark is not Mark.HOUSE:
            raise ValueError(f"{self.id}: only from a house figure can a class be exempt")
        return self


class MandateShape(Cited):
    """A notice that law orders."""

    kind: MessageKind
    legal_basis: Words
    products: tuple[Words, ...] = ()
    min_channels: Annotated[int, Field(strict=True, ge=1, le=6)] = 1
    after_missed: Annotated[int, Field(strict=True, ge=1)] | None = None
    within_days: Days | None = None

    @model_validator(mode="after")
    def _by_law(self) -> Self:
        if self.mark is Mark.HOUSE:
            raise ValueError(f"{self.kind}: a house wish is no mandate")
        return self


class FreshnessShape(Cited):
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1)]
    days: Days


class ConsentShape(Cited):
    classes: Annotated[tuple[MessageClass, ...], Field(min_length=1)]


class RequiredShape(Cited):
    content: Annotated[tuple[Content, ...], Field(min_length=1)]


class ForbiddenShape(Cited):
    lints: Annotated[tuple[Id, ...], Field(min_length=1)]


class OptOutShape(Cited):
    words: Annotated[tuple[Words, ...], Field(min_length=1)]
    honour_within_days: Annotated[int, Field(strict=True, ge=0, le=60)] = 0
    confirmations: Annotated[int, Field(strict=True, ge=0, le=1)] = 1
    replies: Annotated[int, Field(strict=True, ge=0, le=1)] = 0


class CeaseShape(Cited):
    exceptions: tuple[Id, ...]


class RetentionShape(Cited):
    record: Id
    days: Days


class DutyShape(Cited):
    id: Id
    says: Words


class PackShape(Strict):
    """A whole pack file."""

    pack: Name
    version: Words
    role: Role = Role.LENDER
    hours: dict[MessageClass, HoursShape]
    caps: tuple[CapShape, ...] = ()
    mandates: tuple[MandateShape, ...] = ()
    freshness: tuple[FreshnessShape, ...] = ()
    consent: tuple[ConsentShape, ...] = ()
    required: dict[MessageClass, RequiredShape] = {}
    forbidden: tuple[ForbiddenShape, ...] = ()
    opt_out: OptOutShape | None = None
    cease_contact: CeaseShape | None = None
    retention: tuple[RetentionShape, ...] = ()
    duties: tuple[DutyShape, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [each for each in MessageClass if each not in self.hours]
        if missing:
            raise ValueError(f"hours: none for {', '.join(missing)}")
        for ids in ([cap.id for cap in self.caps], [duty.id for duty in self.duties]):
            for each in ids:
                if ids.count(each) > 1:
                    raise ValueError(f"{each} stands twice")
        return self
