"""Packs as YAML files: read, checked, and turned into the domain's own objects."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from reminders.domain.compliance import (
    Cap,
    CeaseContact,
    ClassHours,
    Duty,
    Freshness,
    Mandate,
    OptOutRule,
    Pack,
    Retention,
)
from reminders.domain.errors import PolicyError
from reminders.domain.hours import Hours, spans
from reminders.services.pack_shape import WEEKDAYS, CapShape, HoursShape, OptOutShape, PackShape
from reminders.services.policy.yaml_text import load


def read_packs(folder: Path) -> dict[str, Pack]:
    """Every pack in a folder, by its name. Raises `PolicyError` with one line per fault."""
    packs: dict[str, Pack] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            packs[path.stem] = _read(path)
        except PolicyError as error:
            faults += [f"{path.name}: {line}" for line in str(error).splitlines()]
    faults += _shared_ids(packs)
    if not packs and not faults:
        faults = [f"{folder}: no pack here"]
    if faults:
        raise PolicyError("\n".join(faults))
    return packs


def pack_from(data: object) -> Pack:
    """A pack from what its YAML says. Raises `PolicyError` with one line per fault."""
    try:
        given = PackShape.model_validate(data)
    except ValidationError as error:
        lines = []
        for wrong in error.errors():
            where = ".".join(str(part) for part in wrong["loc"]) or "pack"
            lines.append(f"{where}: {wrong['msg'].removeprefix('Value error, ')}")
        raise PolicyError("\n".join(lines)) from None
    return _pack(given)


def _read(path: Path) -> Pack:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise PolicyError(f"cannot be read: {why}") from None
    pack = pack_from(load(text))
    if pack.name != path.stem:
        raise PolicyError(f"pack: {pack.name} must stand in {pack.name}.yaml")
    return pack


def _shared_ids(packs: dict[str, Pack]) -> list[str]:
    """A contact is excluded from a cap by its id: two packs must not share one."""
    owners: dict[str, str] = {}
    faults = []
    for pack in packs.values():
        for cap in pack.caps:
            owner = owners.setdefault(cap.cap_id, pack.name)
            if owner != pack.name:
                faults.append(f"{pack.name}.yaml: caps: {cap.cap_id} stands in {owner} too")
    return faults


def _pack(given: PackShape) -> Pack:
    cease = given.cease_contact
    return Pack(
        name=given.pack,
        version=given.version,
        role=given.role,
        hours={message_class: _hours(hours) for message_class, hours in given.hours.items()},
        caps=tuple(_cap(cap) for cap in given.caps),
        mandates=tuple(
            Mandate(
                kind=mandate.kind,
                legal_basis=mandate.legal_basis,
                source=mandate.source,
                products=frozenset(mandate.products),
                min_channels=mandate.min_channels,
                after_missed=mandate.after_missed,
                within_days=mandate.within_days,
            )
            for mandate in given.mandates
        ),
        freshness=tuple(
            Freshness(frozenset(rule.channels), rule.days, rule.source) for rule in given.freshness
        ),
        consent={
            message_class: rule.source for rule in given.consent for message_class in rule.classes
        },
        required={
            message_class: frozenset(rule.content) for message_class, rule in given.required.items()
        },
        required_sources={
            message_class: rule.source for message_class, rule in given.required.items()
        },
        forbidden={lint: rule.source for rule in given.forbidden for lint in rule.lints},
        opt_out=_opt_out(given.opt_out) if given.opt_out else None,
        cease_contact=CeaseContact(frozenset(cease.exceptions), cease.source) if cease else None,
        retention=tuple(Retention(kept.record, kept.days, kept.source) for kept in given.retention),
        duties=tuple(Duty(duty.id, duty.says, duty.source) for duty in given.duties),
    )


def _hours(given: HoursShape) -> ClassHours:
    closed = given.closed
    days = frozenset(WEEKDAYS.index(day) for day in closed.weekdays) if closed else frozenset()
    return ClassHours(
        hours=Hours(spans(*given.allow), closed_weekdays=days),
        source=given.source,
        holidays=closed is not None and closed.holidays,
        days_source=closed.source if closed else None,
    )


def _opt_out(given: OptOutShape) -> OptOutRule:
    return OptOutRule(
        words=frozenset(given.words),
        honour_within=timedelta(days=given.honour_within_days),
        source=given.source,
        confirmations=given.confirmations,
        replies=given.replies,
    )


def _cap(given: CapShape) -> Cap:
    return Cap(
        cap_id=given.id,
        count=given.count,
        limit=given.limit,
        window=given.window,
        length=given.length,
        scope=frozenset(given.scope),
        source=given.source,
        channels=frozenset(given.channels),
        classes=frozenset(given.classes),
        exempt=frozenset(given.exempt),
    )
