"""The templates of one folder, compiled once, and the rendering of a message from facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import jinja2

from reminders.messages.catalogue import (
    LENDER,
    PARTS,
    SLOT,
    Message,
    Version,
    brands,
    content_hash,
    languages,
    layer,
    messages,
    read_versions,
    sentences,
    shown_on,
    sources,
    variables,
)
from reminders.messages.errors import TemplateError
from reminders.messages.facts import NOTICES, Facts, Rendered, clean, values
from reminders.messages.law import NO_LAW, Law, refuse_barred
from reminders.messages.must_say import Sentences
from reminders.messages.names import NAME, called, tidy
from reminders.messages.sandbox import environment, escaped, rendered
from reminders.messages.segments import segments

_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A message ready to render."""

    template_id: str
    parts: Mapping[str, jinja2.Template]
    phrases: Mapping[str, str]
    content: str
    sentences: Sentences


class TemplateSet:
    """Every message of a folder. Safe to share between threads: it never changes."""

    def __init__(
        self,
        compiled: Mapping[Message, _Compiled],
        shipped: tuple[str, ...],
        lenders: Mapping[str, str],
    ) -> None:
        self._compiled = compiled
        self.languages = shipped
        self._lenders = lenders  # of every brand; "": the name in the facts

    @classmethod
    def load(cls, folder: Path, *, stamped: bool = True) -> TemplateSet:
        """Compile all of `folder`. Raises `TemplateError` on bad syntax or an absent phrase.

        `stamped` demands that the words are those of `versions.txt`, so that a version in the
        ledger always names the same words; without it the version is the content hash itself.
        """
        texts = sources(folder)
        known = read_versions(folder) if stamped else None
        compiled = _compile(layer(texts, ""), "", known, {})
        lenders = {}
        for brand in brands(texts):
            own = layer(texts, brand)
            compiled.update(_compile(own, brand, known, compiled))
            lenders[brand] = own.get(LENDER, "").strip()
        return cls(compiled, tuple(languages(texts)), lenders)

    @property
    def brands(self) -> tuple[str, ...]:
        """The brands that have words of their own."""
        return tuple(self._lenders)

    @property
    def contents(self) -> Mapping[Message, str]:
        """Every message that there is, with the hash of its words."""
        return {message: each.content for message, each in self._compiled.items()}

    @property
    def labels(self) -> Mapping[Message, str]:
        """Every message with its version, as the ledger names it: `en/pre_due.sms@3`."""
        return {message: each.template_id for message, each in self._compiled.items()}

    def render(self, channel: str, facts: Facts, brand: str = "", law: Law = NO_LAW) -> Rendered:
        """Write one message, in the nearest language there is; what `brand` has no words of its
        own for, in everybody's.

        Raises `TemplateError`, in one line, for facts that contradict themselves, an absent
        template, a variable that does not exist, and words that `law` forbids or asks for in vain.
        """
        asked, channel = channel, shown_on(channel, facts.kind)
        if channel not in PARTS:
            raise TemplateError(f"channel {channel!r} has no templates, only {', '.join(PARTS)}")
        language = nearest(facts.language, self.languages)
        if self._lenders.get(brand):
            facts = replace(facts, lender=self._lenders[brand])
        message = Message(language, str(facts.kind), channel)
        names = values(facts, language, asked)
        compiled = self._compiled.get(message._replace(brand=brand)) or self._compiled.get(message)
        if compiled is None:
            raise TemplateError(f"there is no template {message}")
        names.update(compiled.phrases)
        formal = facts.kind in NOTICES
        names[NAME] = name_shown = called(tidy(clean(facts.name)), language, formal=formal)
        name, besides = str(message), compiled.sentences
        names[SLOT] = besides.fill(name, language, names, law)
        shown = dict.fromkeys(("subject", "text", "html"), "")
        for part in PARTS[channel]:
            given = escaped(names) if part == "html" else names
            shown[part] = _render(compiled, message, part, given)
        # A subject becomes a header: whatever a template does, it stays one line.
        subject = " ".join(shown["subject"].split())
        if asked == "voice" and subject:
            # A subject is not spoken, and who calls is said first (47 CFR 64.1200(b)(1)).
            stop = "\u3002" if language.startswith(("zh", "ja")) else ". "
            shown["text"] = f"{subject}{stop}{shown['text']}"
        besides.check(name, f"{subject}\n{shown['text']}", names, law)
        bills = (facts.bill_id, *(each.bill_id for each in facts.others))
        apart = (str(names["lender"]), name_shown, facts.pay_url, facts.unsubscribe_url)
        refuse_barred(f"{subject}\n{shown['text']}", message.kind, bills, apart, law)
        count = segments(shown["text"]) if channel == "sms" else 0
        return Rendered(
            subject,
            shown["text"],
            shown["html"],
            language,
            compiled.template_id,
            count,
            message.kind,
            str(names["pay_url"]),
            {name: str(value) for name, value in names.items() if isinstance(value, str | int)},
            compiled.content,
        )


def _compile(
    texts: Mapping[str, str],
    brand: str,
    known: Mapping[str, Version] | None,
    default: Mapping[Message, _Compiled],
) -> dict[Message, _Compiled]:
    """The messages of one layer that differ from the `default` ones."""
    env = environment(texts)
    found: dict[Message, _Compiled] = {}
    for message in messages(texts, brand):
        if not any(file in texts for file in message.files):
            continue
        try:
            version = content = content_hash(message, texts)
            same = default.get(message._replace(brand=""))
            if same is not None and same.content == content:
                continue
            parts = _parts(message, texts, env)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(f"{error.name} line {error.lineno}: {error.message}") from error
        if known is not None:
            version = _number(message, known.get(str(message)), content)
        name = f"{message}@{version}"
        spoken = _sentences(message, texts, env)
        found[message] = _Compiled(name, parts, _phrases(message, texts), content, spoken)
    return found


@lru_cache(maxsize=1_024)
def nearest(language: str, shipped: tuple[str, ...]) -> str:
    """The shipped language for a BCP 47 tag: itself, else the same language, else English."""
    wanted = language.strip().replace("_", "-").lower()
    by_tag = {tag.lower(): tag for tag in shipped}
    primary = wanted.split("-")[0]
    same = [tag for tag in shipped if tag.lower().split("-")[0] == primary]
    return by_tag.get(wanted) or by_tag.get(primary) or (same[0] if same else _FALLBACK)


def _render(compiled: _Compiled, message: Message, part: str, names: Mapping[str, object]) -> str:
    template = compiled.parts.get(part)
    if template is None:
        raise TemplateError(f"there is no template {message.file(part)}")
    return rendered(template, message.file(part), names)


def _parts(
    message: Message, texts: Mapping[str, str], env: jinja2.Environment
) -> dict[str, jinja2.Template]:
    return {
        part: env.get_template(message.file(part))
        for part in PARTS[message.channel]
        if message.file(part) in texts
    }


def _sentences(message: Message, texts: Mapping[str, str], env: jinja2.Environment) -> Sentences:
    """What the bodies of a message say by variables, and what can be said besides."""
    bodies = [message.file(part) for part in PARTS[message.channel] if part != "subject"]
    there = [file for file in bodies if file in texts]
    said = [variables(file, texts) for file in there]
    # A subject is seen wherever its text is.
    above = message.file("subject")
    shown = variables(above, texts) if above in texts else frozenset()
    return Sentences(
        shown.union(said[0].intersection(*said)) if said else shown,
        "\n".join(texts[file] for file in there),
        {
            content: (texts[file].strip(), env.get_template(file))
            for content, file in sentences(message.language, message.channel, texts)
        },
    )


def _number(message: Message, known: Version | None, content: str) -> str:
    if known is None or known.content != content:
        raise TemplateError(
            f"{message}: its words are not those of its version; lint, then raise the version"
            " with python -m reminders.messages FOLDER --stamp"
        )
    return str(known.number)


def _phrases(message: Message, texts: Mapping[str, str]) -> dict[str, str]:
    """The fixed sentences of a message, read as they stand: a phrase holds no variables."""
    absent = [file for file in message.phrases.values() if not texts.get(file, "").strip()]
    if absent:
        raise TemplateError(f"there is no phrase {absent[0]}, which {message} needs")
    return {name: texts[file].strip() for name, file in message.phrases.items()}
