"""The check that a folder of templates says all that a reminder must say (requirement S4.14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import jinja2

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
    variables,
    write_versions,
)
from reminders.messages.errors import TemplateError
from reminders.messages.facts import ASKING, DATED, VARIABLES, Facts, Kind, OtherBill, Urgency
from reminders.messages.money import money
from reminders.messages.templates import TemplateSet

MAX_SEGMENTS = 3

# What a customer must be told, by kind, and by which part. The subject shows on a locked screen,
# so it names the lender and the day but neither amount nor consequence.
_DATED_BODY = frozenset(
    {"lender", "amount", "minimum", "due_on", "days", "consequence", "already_paid"}
    | {"others", "total"}
)
_BODY: Mapping[str, frozenset[str]] = {
    Kind.PRE_DUE: _DATED_BODY,
    Kind.DUE_TODAY: _DATED_BODY - {"days"},  # it says "today"
    Kind.OVERDUE: _DATED_BODY,
    Kind.PAYMENT_RECEIVED: frozenset({"lender", "bill_id", "paid"}),
    Kind.PROMISE_FOLLOWUP: frozenset({"lender", "amount", "bill_id", "promised_on"})
    | {"already_paid"},
    Kind.CONTACT_UPDATE_REQUEST: frozenset({"lender", "about_channel", "ending"}),
    Kind.OPTOUT_DISCLOSURE: frozenset({"lender", "about_channel", "consequence", "remaining"}),
}
_DAYS_IN_SUBJECT = frozenset({Kind.PRE_DUE, Kind.OVERDUE})
_SECRET_IN_SUBJECT = frozenset(
    {"amount", "minimum", "bill_id", "consequence", "others", "total", "paid", "ending"}
)

_DUE_ON = date(2026, 9, 30)
_DAYS: Mapping[str, tuple[int, ...]] = {
    Kind.PRE_DUE: (-7, -1),
    Kind.DUE_TODAY: (0,),
    Kind.OVERDUE: (1, 30),
}
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
    paid_minor=123_456_700,
    promised_on=_DUE_ON,
    about_channel="sms",
    ending="12",
    remaining=("email", "in_app"),
)
_OTHERS = (
    OtherBill("2026-09-000124", "TWD", 98_765_400, _DUE_ON),
    OtherBill("2026-09-000125", "USD", 1_234_567, _DUE_ON),
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
    used = {name for message in messages(texts) for name in message.phrases.values()}
    found = [f"{name}: a phrase with a variable" for name in used if "{" in texts.get(name, "")]
    for message in messages(texts):
        found += _absent(message, texts)
        try:
            found += _variables(message, texts)
            found += _borrowed(message, texts)
            used |= {name for file in message.files for name in family(file, texts)}
            if stamped:
                found += _stamp(message, stamps, content_hash(message, texts))
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
    before = read_versions(folder)
    after: dict[str, Version] = {}
    for message in messages(texts):
        name, content = str(message), content_hash(message, texts)
        last = before.get(name, Version(0, ""))
        after[name] = last if last.content == content else Version(last.number + 1, content)
    write_versions(folder, after)
    return sorted(name for name, version in after.items() if before.get(name) != version)


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
        for name in sorted(_required(message, part) - names):
            yield f"{file}: does not say {name}"
        for name in sorted(names - VARIABLES):
            yield f"{file}: there is no variable {name}"
        secret = _SECRET_IN_SUBJECT if part == "subject" else frozenset()
        for name in sorted(names & secret):
            yield f"{file}: {name} would show on a locked screen"


def _required(message: Message, part: str) -> frozenset[str]:
    if part == "subject":
        return frozenset({"lender", "days"} if message.kind in _DAYS_IN_SUBJECT else {"lender"})
    needed = _BODY[message.kind]
    if message.channel == "email":
        needed |= {"unsubscribe_url", "pay_url"} if message.kind in ASKING else {"unsubscribe_url"}
    return needed


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


def _trials(folder: Path, texts: Mapping[str, str], stamped: bool) -> Iterator[str]:
    """Faults that only show when a message is written."""
    try:
        templates = TemplateSet.load(folder, stamped=stamped)
    except TemplateError as error:
        yield str(error)
        return
    for message in messages(texts):
        for facts in _samples(message):
            yield from _trial(templates, message, facts)


def _samples(message: Message) -> Iterator[Facts]:
    for urgency in Urgency:
        for days in _DAYS.get(message.kind, (0,)):
            facts = replace(
                _SAMPLE,
                kind=message.kind,
                language=message.language,
                urgency=urgency,
                today=_DUE_ON + timedelta(days=days),
            )
            yield facts
            if message.kind in DATED:
                yield replace(facts, others=_OTHERS)


def _trial(templates: TemplateSet, message: Message, facts: Facts) -> Iterator[str]:
    try:
        shown = templates.render(message.channel, facts)
    except TemplateError as error:
        yield str(error)
        return
    where = f"{message} at urgency {facts.urgency}"
    bodies = {"text": shown.text, "html": shown.html}
    for part in PARTS[message.channel]:
        if part in bodies:
            yield from (f"{where}: the {part} {fault}" for fault in _unsaid(facts, bodies[part]))
    if shown.segments > MAX_SEGMENTS:
        yield f"{where}: {shown.segments} SMS segments, at most {MAX_SEGMENTS}"
    signed = shown.text.startswith(f"【{facts.lender}】")
    if message.channel == "sms" and message.language.startswith("zh") and not signed:
        yield f"{where}: must open with the signature 【lender】"


def _unsaid(facts: Facts, body: str) -> Iterator[str]:
    """What a written body fails to show, or shows although it must not ask for money."""

    def shows(minor: int) -> bool:
        return money(minor, facts.currency, facts.language) in body

    if facts.kind in DATED and not (shows(facts.amount_minor) and shows(facts.minimum_minor)):
        yield "does not show the amount and the minimum"
    if facts.kind == Kind.PROMISE_FOLLOWUP and not shows(facts.amount_minor):
        yield "does not show the amount"
    total = facts.amount_minor + sum(
        bill.amount_minor for bill in facts.others if bill.currency == facts.currency
    )
    if facts.others and not shows(total):
        yield "does not show the total of several bills"
    if facts.kind not in ASKING and facts.pay_url in body:
        yield "asks for money, which this kind must not"
