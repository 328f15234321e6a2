"""The check that a folder of templates says all that a reminder must say (requirement S4.14)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import jinja2

from reminders.domain.compliance import Pack
from reminders.messages.barred import found_in as found_in_pack
from reminders.messages.catalogue import (
    BRANDS,
    LENDER,
    PARTS,
    VERSIONS,
    Message,
    Version,
    brands,
    content_hash,
    family,
    layer,
    messages,
    read_versions,
    sentences,
    sources,
    variables,
    write_versions,
)
from reminders.messages.content import found_in
from reminders.messages.errors import TemplateError
from reminders.messages.facts import VARIABLES
from reminders.messages.required import forbidden, required
from reminders.messages.templates import TemplateSet
from reminders.messages.trial import lawful, trial

__all__ = ["lint", "stamp"]


def lint(folder: Path, *, stamped: bool = True, packs: Collection[Pack] = ()) -> list[str]:
    """Everything wrong with the templates in `folder`, one line each; empty when all is well.

    `stamped` as in `TemplateSet.load`: off while words are being changed. Each of `packs` must
    find in every message what it requires, and nothing that it forbids.
    """
    try:
        texts = sources(folder)
        stamps = read_versions(folder) if stamped else None
    except TemplateError as error:
        return [str(error)]
    found: list[str] = []
    for brand in ("", *brands(texts)):
        try:
            found += _layer(texts, brand, stamps)
        except jinja2.TemplateSyntaxError as error:
            return [f"{_prefix(brand)}{error.name} line {error.lineno}: {error.message}"]
    return sorted(set(found)) or list(_trials(folder, texts, stamped, packs))


def stamp(folder: Path, packs: Collection[Pack] = ()) -> list[str]:
    """Raise the version of each message whose words changed; the names of those.

    Raises `TemplateError` when lint finds anything: broken words get no version.
    """
    found = lint(folder, stamped=False, packs=packs)
    if found:
        raise TemplateError("\n".join(found))
    texts = sources(folder)
    before = read_versions(folder)
    after: dict[str, Version] = {}
    for message, own in _every(texts):
        name, content = str(message), content_hash(message, own)
        last = before.get(name, Version(0, ""))
        after[name] = last if last.content == content else Version(last.number + 1, content)
    write_versions(folder, after)
    return sorted(name for name, version in after.items() if before.get(name) != version)


def _prefix(brand: str) -> str:
    return f"{BRANDS}/{brand}/" if brand else ""


def _every(texts: Mapping[str, str]) -> Iterator[tuple[Message, Mapping[str, str]]]:
    """Every message with the layer that it is read from: a brand's only where they differ."""
    for brand in ("", *brands(texts)):
        own = layer(texts, brand)
        yield from ((message, own) for message in _of(texts, own, brand))


def _of(texts: Mapping[str, str], own: Mapping[str, str], brand: str) -> Iterator[Message]:
    default = layer(texts, "")
    for message in messages(default, brand):
        if not brand or content_hash(message, own) != content_hash(message, default):
            yield message


def _layer(
    texts: Mapping[str, str], brand: str, stamps: Mapping[str, Version] | None
) -> Iterator[str]:
    """What is wrong with everybody's words, or with what one brand says otherwise."""
    own, before = layer(texts, brand), _prefix(brand)
    used = {LENDER} if brand else set()
    for message in messages(layer(texts, ""), brand):
        used.update(message.phrases.values())
        used.update(name for _, name in sentences(message.language, message.channel, own))
        used.update(name for file in message.files for name in family(file, own))
    for message in _of(texts, own, brand):
        for fault in _message(message, own):
            yield f"{before}{fault}"
        if stamps is not None:
            yield from _stamp(message, stamps, content_hash(message, own))
    mine = (
        {name.removeprefix(before) for name in texts if name.startswith(before)} if brand else own
    )
    for name in set(mine) - used:
        yield f"{before}{name}: no message uses this file"


def _message(message: Message, texts: Mapping[str, str]) -> Iterator[str]:
    yield from _absent(message, texts)
    yield from _variables(message, texts)
    yield from _borrowed(message, texts)
    for name in message.phrases.values():
        if "{" in texts.get(name, ""):
            yield f"{name}: a phrase with a variable"
    spoken = {name for _, name in sentences(message.language, message.channel, texts)}
    for name in sorted(spoken):
        for unknown in sorted(variables(name, texts) - VARIABLES):
            yield f"{name}: there is no variable {unknown}"
    for name in {*message.phrases.values(), *message.files, *spoken}:
        for hit in found_in(texts.get(name, ""), message.kind):
            yield f'{name}: "{hit.phrase}" is barred: {hit.fault} ({hit.source})'


def _absent(message: Message, texts: Mapping[str, str]) -> Iterator[str]:
    for file in [*message.files, *message.phrases.values()]:
        if not texts.get(file, "").strip():
            yield f"{file}: absent or empty"


def _variables(message: Message, texts: Mapping[str, str]) -> Iterator[str]:
    for part in PARTS[message.channel]:
        file = message.file(part)
        if file not in texts:
            continue
        names = variables(file, texts)
        for name in sorted(required(message, part) - names):
            yield f"{file}: does not say {name}"
        for name in sorted(names - VARIABLES):
            yield f"{file}: there is no variable {name}"
        barred = forbidden(message, part)
        for name in sorted(names & barred.keys()):
            yield f"{file}: {name} {barred[name]}"


def _borrowed(message: Message, texts: Mapping[str, str]) -> Iterator[str]:
    """A folder copied to start a new language still extends the layout of the old one."""
    for file in message.files:
        for name in family(file, texts):
            if "/" in name and not name.startswith(f"{message.language}/"):
                yield f"{file}: takes words from {name}, another language"


def _stamp(message: Message, stamps: Mapping[str, Version], content: str) -> Iterator[str]:
    known = stamps.get(str(message))
    if known is None:
        yield f"{message}: has no version in {VERSIONS}"
    elif known.content != content:
        yield f"{message}: its words changed since version {known.number} was stamped"


def _trials(
    folder: Path, texts: Mapping[str, str], stamped: bool, packs: Collection[Pack]
) -> Iterator[str]:
    """Faults that only show when a message is written."""
    try:
        templates = TemplateSet.load(folder, stamped=stamped)
    except TemplateError as error:
        yield str(error)
        return
    for message, own in _every(texts):
        yield from trial(templates, message)
        if packs:
            yield from lawful(templates, message, packs)
            yield from _barred(message, own, packs)


def _barred(message: Message, texts: Mapping[str, str], packs: Collection[Pack]) -> Iterator[str]:
    """What packs forbid in any file of a message, also where no sample shows it."""
    lints = {lint: source for pack in packs for lint, source in pack.forbidden.items()}
    names = {name for file in message.files for name in family(file, texts)}
    for name in sorted(names | set(message.phrases.values())):
        for lint_name, phrase in found_in_pack(texts.get(name, ""), message.kind, frozenset(lints)):
            yield f'{name}: "{phrase}" is barred: {lint_name} ({lints[lint_name].cite})'
