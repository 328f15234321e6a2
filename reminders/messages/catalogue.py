"""Which template files there are, where they lie, and the version that each message carries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reminders.messages.errors import TemplateError
from reminders.messages.facts import ASKING, DATED, Kind

# A part per thing the channel shows, in the order of `Rendered`.
PARTS: Mapping[str, tuple[str, ...]] = {
    "sms": ("text",),
    "email": ("subject", "text", "html"),
    "in_app": ("subject", "text"),
}
# Channels that show what another one shows, and have no files of their own.
SHOWN_AS: Mapping[str, str] = {
    "push": "in_app",
    "voice": "in_app",
    "wechat": "in_app",
    "whatsapp": "in_app",
    "webhook": "in_app",
    "apprise": "in_app",
    "human_task": "in_app",
}
VERSIONS = "versions.txt"
# How a template is read, for what it says and for its rendering alike.
SYNTAX: Mapping[str, bool] = {"trim_blocks": True, "lstrip_blocks": True}
_SUFFIX = ".j2"
_HASH_CHARS = 16
_READER = ImmutableSandboxedEnvironment(**SYNTAX)
# A promise is followed up without naming what a late payment brings: it asks politely.
_WITH_CONSEQUENCE = frozenset({*DATED, Kind.OPTOUT_DISCLOSURE})


class Version(NamedTuple):
    """One line of the versions file: the number people quote and the hash that holds it true."""

    number: int
    content: str


class Message(NamedTuple):
    """One kind of message on one channel in one language."""

    language: str
    kind: str
    channel: str

    def __str__(self) -> str:
        return f"{self.language}/{self.kind}.{self.channel}"

    def file(self, part: str) -> str:
        return f"{self}.{part}{_SUFFIX}"

    @property
    def files(self) -> list[str]:
        return [self.file(part) for part in PARTS[self.channel]]

    @property
    def phrases(self) -> dict[str, str]:
        """Variables that are fixed sentences of the language, and their files."""
        found = {}
        if self.kind in _WITH_CONSEQUENCE:
            found["consequence"] = f"{self.language}/{self.kind}.consequence{_SUFFIX}"
        if self.kind in ASKING:
            found["already_paid"] = f"{self.language}/already_paid{_SUFFIX}"
        return found


def sources(folder: Path) -> dict[str, str]:
    """Every template below `folder`, by its name with slashes. Raises `TemplateError`."""
    if not folder.is_dir():
        raise TemplateError(f"no folder of templates at {folder}")
    found: dict[str, str] = {}
    for path in sorted(folder.rglob(f"*{_SUFFIX}")):
        name = path.relative_to(folder).as_posix()
        try:
            found[name] = path.read_text(encoding="utf-8").replace("\r\n", "\n").rstrip("\n")
        except UnicodeDecodeError as error:
            raise TemplateError(f"{name} is not UTF-8: {error.reason}") from error
    if not found:
        raise TemplateError(f"no templates (*{_SUFFIX}) in {folder}")
    return found


def languages(names: Mapping[str, str]) -> list[str]:
    """The languages that have a folder."""
    return sorted({name.split("/")[0] for name in names if "/" in name})


def messages(names: Mapping[str, str]) -> Iterator[Message]:
    """Every message that should exist, for each language that has a folder."""
    for language in languages(names):
        for kind in Kind:
            for channel in PARTS:
                yield Message(language, str(kind), channel)


def family(name: str, texts: Mapping[str, str]) -> set[str]:
    """The names of a template and of all it extends or includes. Absent files are left out."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found and current in texts:
            found.add(current)
            waiting += _referenced(current, texts[current])
    return found


def variables(name: str, texts: Mapping[str, str]) -> frozenset[str]:
    """The variables that a template and its family take from outside."""
    return frozenset().union(*(_undeclared(file, texts[file]) for file in family(name, texts)))


# A layout belongs to every mail, and most files stay as they are from one look to the next.
@lru_cache(maxsize=1_024)
def _tree(name: str, text: str) -> nodes.Template:
    return _READER.parse(text, name=name, filename=name)


@lru_cache(maxsize=1_024)
def _referenced(name: str, text: str) -> tuple[str, ...]:
    return tuple(other for other in find_referenced_templates(_tree(name, text)) if other)


@lru_cache(maxsize=1_024)
def _undeclared(name: str, text: str) -> frozenset[str]:
    return frozenset(find_undeclared_variables(_tree(name, text)))


def content_hash(message: Message, texts: Mapping[str, str]) -> str:
    """Hash of every word the message is made of: its parts, what they extend, its phrases."""
    used: set[str] = set(message.phrases.values())
    for file in message.files:
        used.update(family(file, texts))
    digest = hashlib.sha256()
    for name in sorted(used & texts.keys()):
        digest.update(f"{name}\0{texts[name]}\0".encode())
    return digest.hexdigest()[:_HASH_CHARS]


def read_versions(folder: Path) -> dict[str, Version]:
    """The versions file; empty when there is none. Raises `TemplateError` on a broken line."""
    path = folder / VERSIONS
    if not path.is_file():
        return {}
    found: dict[str, Version] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 3 or not fields[1].isdecimal():
            raise TemplateError(f"{VERSIONS} line {number}: expected 'message version hash'")
        found[fields[0]] = Version(int(fields[1]), fields[2])
    return found


def write_versions(folder: Path, versions: Mapping[str, Version]) -> None:
    """Replace the versions file."""
    lines = [
        "# message, version, hash of its words. Written by: python -m reminders.messages --stamp",
        *(f"{name} {v.number} {v.content}" for name, v in sorted(versions.items())),
    ]
    (folder / VERSIONS).write_text("\n".join(lines) + "\n", encoding="utf-8")
