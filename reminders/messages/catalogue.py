"""Which template files there are, where they lie, and the version that each message carries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reminders.domain.compliance import Content
from reminders.messages.errors import TemplateError
from reminders.messages.facts import ASKING, NOTICES, Kind

# A part per thing the channel shows, in the order of `Rendered`.
PARTS: Mapping[str, tuple[str, ...]] = {
    "sms": ("text",),
    "email": ("subject", "text", "html"),
    "in_app": ("subject", "text"),
    "push": ("subject", "text"),
    "voice": ("text",),
}
# Channels that show what another one shows, and have no files of their own.
SHOWN_AS: Mapping[str, str] = {
    "wechat": "in_app",
    "whatsapp": "in_app",
    "webhook": "in_app",
    "apprise": "in_app",
    "human_task": "in_app",
}
# What is read on a lock screen has no room for the whole sentence.
_SHORT = frozenset({"push"})
# A notice is neither cut to a lock screen nor made for the ear: it has its whole text there too.
_WHOLE = frozenset({"push", "voice"})
VERSIONS = "versions.txt"
BRANDS = "brands"  # the folder of what single brands say otherwise
LENDER = "lender.j2"  # in a brand's folder: the name that it signs with
# How a template is read, for what it says and for its rendering alike.
SYNTAX: Mapping[str, bool] = {"trim_blocks": True, "lstrip_blocks": True}
# The variable where a template has room for what a pack asks besides, and the folder of that.
SLOT = "must_say"
_SUFFIX = ".j2"
_HASH_CHARS = 16
_READER = ImmutableSandboxedEnvironment(**SYNTAX)
_WITH_CONSEQUENCE = ASKING | {Kind.OPTOUT_DISCLOSURE}


class Version(NamedTuple):
    """One line of the versions file: the number people quote and the hash that holds it true."""

    number: int
    content: str


class Message(NamedTuple):
    """One kind of message on one channel in one language; of one brand, or of all ("")."""

    language: str
    kind: str
    channel: str
    brand: str = ""

    def __str__(self) -> str:
        return f"{BRANDS}/{self.brand}/{self._path}" if self.brand else self._path

    @property
    def _path(self) -> str:
        return f"{self.language}/{self.kind}.{self.channel}"

    def file(self, part: str) -> str:
        """The file of one part, by its name in the layer of the message's brand."""
        return f"{self._path}.{part}{_SUFFIX}"

    @property
    def files(self) -> list[str]:
        return [self.file(part) for part in PARTS[self.channel]]

    @property
    def phrases(self) -> dict[str, str]:
        """Variables that are fixed sentences of the language, and their files."""
        short = f"{self.channel}." if self.channel in _SHORT else ""
        found = {}
        if self.kind in _WITH_CONSEQUENCE:
            found["consequence"] = f"{self.language}/{self.kind}.{short}consequence{_SUFFIX}"
        if self.kind in ASKING:
            found["already_paid"] = f"{self.language}/{short}already_paid{_SUFFIX}"
        return found


def shown_on(channel: str, kind: str) -> str:
    """The channel whose words are shown on `channel` for a message of `kind`."""
    if kind in NOTICES and channel in _WHOLE:
        return "in_app"
    return SHOWN_AS.get(channel, channel)


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


def brands(names: Iterable[str]) -> list[str]:
    """The brands that say something in words of their own."""
    parts = (name.split("/", 2) for name in names)
    return sorted({part[1] for part in parts if len(part) == 3 and part[0] == BRANDS})


def layer(texts: Mapping[str, str], brand: str) -> dict[str, str]:
    """The templates as `brand` has them, by their default names: its own file, else everybody's."""
    found = {name: words for name, words in texts.items() if not name.startswith(f"{BRANDS}/")}
    if brand:
        before = f"{BRANDS}/{brand}/"
        found.update((n.removeprefix(before), w) for n, w in texts.items() if n.startswith(before))
    return found


def languages(names: Iterable[str]) -> list[str]:
    """The languages that have a folder."""
    folders = {name.split("/")[0] for name in names if "/" in name}
    return sorted(folders - {BRANDS})


def messages(names: Iterable[str], brand: str = "") -> Iterator[Message]:
    """Every message that should exist, for each language that has a folder."""
    for language in languages(names):
        for kind in Kind:
            for channel in PARTS:
                if shown_on(channel, kind) == channel:
                    yield Message(language, str(kind), channel, brand)


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
def sentences(
    language: str, channel: str, texts: Mapping[str, str]
) -> Iterator[tuple[Content, str]]:
    """What can be said where a template gives room for it, each with its file: the channel's own,
    else everybody's."""
    for content in Content:
        for name in (f"{content}.{channel}", str(content)):
            file = f"{language}/{SLOT}/{name}{_SUFFIX}"
            if texts.get(file, "").strip():
                yield content, file
                break


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
    if any(SLOT in variables(file, texts) for file in message.files if file in texts):
        used.update(file for _, file in sentences(message.language, message.channel, texts))
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
