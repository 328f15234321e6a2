"""The check that a folder of templates says all that a reminder must say (requirement S4.14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import jinja2
from jinja2.meta import find_undeclared_variables

from reminders.messages.catalogue import (
    PARTS,
    VERSIONS,
    Message,
    Version,
    content_hash,
    family,
    messages,
    read_versions,
    sources,
    write_versions,
)
from reminders.messages.errors import TemplateError
from reminders.messages.facts import VARIABLES, Facts, Kind, Urgency
from reminders.messages.money import money
from reminders.messages.templates import TemplateSet, environment

MAX_SEGMENTS = 3

# What a customer must be told, and by which part. The subject shows on a locked screen, so it
# names the lender and the day but neither amount nor consequence.
_BODY = frozenset({"lender", "amount", "minimum", "due_on", "days", "consequence", "already_paid"})
_REQUIRED: Mapping[str, frozenset[str]] = {
    "sms.text": _BODY,
    "email.subject": frozenset({"lender", "days"}),
    "email.text": _BODY | {"pay_url", "unsubscribe_url"},
    "email.html": _BODY | {"pay_url", "unsubscribe_url"},
    "in_app.subject": frozenset({"lender", "days"}),
    "in_app.text": _BODY,
}
_SECRET_IN_SUBJECT = frozenset({"amount", "minimum", "bill_id", "consequence"})

_DUE_ON = date(2026, 9, 30)
_DAYS = {Kind.PRE_DUE: (-7, -1), Kind.DUE_TODAY: (0,), Kind.OVERDUE: (1, 30)}
_SAMPLE = Facts(
    kind="",
    language="",
    lender="Example Bank",
    bill_id="2026-09-000123",
    currency="TWD",
    amount_minor=123_456_700,
    minimum_minor=2_469_134,
    due_on=_DUE_ON,
    today=_DUE_ON,
    urgency="",
    pay_url="https://pay.example.com/b/2026-09-000123",
    unsubscribe_url="https://pay.example.com/u/2026-09-000123",
)


def lint(folder: Path, *, stamped: bool = True) -> list[str]:
    """Everything wrong with the templates in `folder`, one line each; empty when all is well.

    `stamped` as in `TemplateSet.load`: off while words are being changed.
    """
    try:
        texts = sources(folder)
        stamps = read_versions(folder)
    except TemplateError as error:
        return [str(error)]
    env = environment(texts)
    used = {name for message in messages(texts) for name in message.phrases.values()}
    found = [f"{name}: a phrase with a variable" for name in used if "{" in texts.get(name, "")]
    for message in messages(texts):
        found += _absent(message, texts)
        try:
            found += _variables(message, texts, env)
            found += _borrowed(message, texts, env)
            used |= {name for file in message.files for name in family(file, texts, env)}
            if stamped:
                found += _stamp(message, stamps, content_hash(message, texts, env))
        except jinja2.TemplateSyntaxError as error:
            return [f"{error.name} line {error.lineno}: {error.message}"]
    found += [f"{name}: no message uses this file" for name in texts.keys() - used]
    return sorted(set(found)) or list(_trials(folder, texts, stamped))


def stamp(folder: Path) -> list[str]:
    """Raise the version of each message whose words changed; the names of those.

    Raises `TemplateError` when lint finds anything: broken words get no version.
    """
    found = lint(folder, stamped=False)
    if found:
        raise TemplateError("\n".join(found))
    texts = sources(folder)
    env = environment(texts)
    before = read_versions(folder)
    after: dict[str, Version] = {}
    for message in messages(texts):
        name, content = str(message), content_hash(message, texts, env)
        last = before.get(name, Version(0, ""))
        after[name] = last if last.content == content else Version(last.number + 1, content)
    write_versions(folder, after)
    return sorted(name for name, version in after.items() if before.get(name) != version)


def _absent(message: Message, texts: Mapping[str, str]) -> Iterator[str]:
    for file in [*message.files, *message.phrases.values()]:
        if not texts.get(file, "").strip():
            yield f"{file}: absent or empty"


def _variables(
    message: Message, texts: Mapping[str, str], env: jinja2.Environment
) -> Iterator[str]:
    for part in PARTS[message.channel]:
        file = message.file(part)
        if file not in texts:
            continue
        names = set().union(*map(find_undeclared_variables, family(file, texts, env).values()))
        required = _REQUIRED[f"{message.channel}.{part}"]
        if message.kind == Kind.DUE_TODAY:
            required -= {"days"}  # it says "today"
        for name in sorted(required - names):
            yield f"{file}: does not say {name}"
        for name in sorted(names - VARIABLES):
            yield f"{file}: there is no variable {name}"
        secret = _SECRET_IN_SUBJECT if part == "subject" else frozenset()
        for name in sorted(names & secret):
            yield f"{file}: {name} would show on a locked screen"


def _borrowed(message: Message, texts: Mapping[str, str], env: jinja2.Environment) -> Iterator[str]:
    """A folder copied to start a new language still extends the layout of the old one."""
    for file in message.files:
        for name in family(file, texts, env):
            if "/" in name and not name.startswith(f"{message.language}/"):
                yield f"{file}: takes words from {name}, another language"


def _stamp(message: Message, stamps: Mapping[str, Version], content: str) -> Iterator[str]:
    known = stamps.get(str(message))
    if known is None:
        yield f"{message}: has no version in {VERSIONS}"
    elif known.content != content:
        yield f"{message}: its words changed since version {known.number} was stamped"


def _trials(folder: Path, texts: Mapping[str, str], stamped: bool) -> Iterator[str]:
    """Write every message at every urgency and look at what comes out."""
    try:
        templates = TemplateSet.load(folder, stamped=stamped)
    except TemplateError as error:
        yield str(error)
        return
    for message in messages(texts):
        for urgency in Urgency:
            for days in _DAYS[Kind(message.kind)]:
                facts = replace(
                    _SAMPLE,
                    kind=message.kind,
                    language=message.language,
                    urgency=urgency,
                    today=_DUE_ON + timedelta(days=days),
                )
                yield from _trial(templates, message, facts)


def _trial(templates: TemplateSet, message: Message, facts: Facts) -> Iterator[str]:
    try:
        shown = templates.render(message.channel, facts)
    except TemplateError as error:
        yield str(error)
        return
    where = f"{message} at urgency {facts.urgency}"
    bodies = {"text": shown.text, "html": shown.html}
    amounts = [
        money(minor, facts.currency, message.language)
        for minor in (facts.amount_minor, facts.minimum_minor)
    ]
    for part in PARTS[message.channel]:
        if part in bodies and not all(amount in bodies[part] for amount in amounts):
            yield f"{where}: the {part} does not show the amount and the minimum"
    if shown.segments > MAX_SEGMENTS:
        yield f"{where}: {shown.segments} SMS segments, at most {MAX_SEGMENTS}"
    signed = shown.text.startswith(f"【{facts.lender}】")
    if message.channel == "sms" and message.language.startswith("zh") and not signed:
        yield f"{where}: must open with the signature 【lender】"
