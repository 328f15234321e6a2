"""The page that shows every pack: its figures, where they come from, how far they were checked.

python -m reminders.services.pack_page config/packs > docs/packs.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reminders.domain.compliance import Cap, ClassHours, Count, Pack, Role, Source, Window
from reminders.domain.errors import PolicyError
from reminders.domain.hours import Hours
from reminders.domain.kinds import MessageClass
from reminders.services.packs import read_packs

_INTRODUCTION = """\
# Packs

What the law of a place, and our own caution, let a reminder do. **Nothing here is legal advice**:
have counsel read a pack before you send under it, above all what is marked `unverified`.

Written by `python -m reminders.services.pack_page config/packs`; change the YAML in `config/packs`,
not this page.

| mark | meaning |
|---|---|
| `verified` | read in the primary text, or in the provider's own documents |
| `verified-2nd` | read in a secondary source only |
| `unverified` | not confirmed in any document |
| `house` | our own choice: no law asks for it |

The pack `house` joins every other one. Packs, policy and preference only ever tighten each other:
hours intersect, the smallest cap rules, required content adds up. A customer whose jurisdiction is
unknown has every pack of the policy at once, and nothing passes an opt-out there. Only the customer
can be contacted: there are no words for anybody else.

What a pack says a message must say stands in it, by its template or by a sentence of `must_say`; a
message that cannot say it, or says what a pack must not contain, is not sent. The ladder goes on to
the next channel, and where no words pass a person is told (`message_refused`) with the source:
see [Write messages](howto/write-messages.md#when-words-are-refused). Two rules are kept more
strictly than asked. A STOP is honoured at once, also by what is queued already, however many days a
pack would leave. After a demand to stop all contact (hold `cease_contact`) nothing goes:
what the law would still allow is for a person to send.
"""
_COUNTED = {
    Count.ATTEMPT: "contacts",
    Count.CONNECTED: "connected calls",
    Count.CONVERSATION: "conversations",
}


def page(packs: Mapping[str, Pack]) -> str:
    """The whole page as Markdown."""
    return "\n".join([_INTRODUCTION, *(line for pack in packs.values() for line in _pack(pack))])


def _pack(pack: Pack) -> Iterator[str]:
    yield f"## {pack.label}\n"
    if pack.role is Role.THIRD_PARTY_COLLECTOR:
        yield "Binds third-party collectors; a lender keeps it as a safe harbour.\n"
    yield "| what | figure | source | mark |"
    yield "|---|---|---|---|"
    rows = (*_hours(pack), *_caps(pack), *_texts(pack), *_people(pack), *_rest(pack))
    for what, figure, source in rows:
        yield f"| {what} | {figure} | {source.cite} | `{source.mark}` |"
    yield ""


Row = tuple[str, str, Source]


def _hours(pack: Pack) -> Iterator[Row]:
    for message_class in MessageClass:
        held = pack.hours[message_class]
        yield f"hours, {_words(message_class)}", _spans(held.hours), held.source
        if held.days_source is not None:
            yield f"closed, {_words(message_class)}", _closed(held), held.days_source


def _caps(pack: Pack) -> Iterator[Row]:
    for cap in pack.caps:
        yield f"`{cap.cap_id}`", _cap(cap), cap.source


def _texts(pack: Pack) -> Iterator[Row]:
    for message_class, content in sorted(pack.required.items()):
        source = pack.required_sources[message_class]
        yield f"must say, {_words(message_class)}", _listed(content), source
    for source in dict.fromkeys(pack.forbidden.values()):
        lints = [lint for lint, of in pack.forbidden.items() if of == source]
        yield "must not contain", _listed(lints), source


def _people(pack: Pack) -> Iterator[Row]:
    for message_class, source in sorted(pack.consent.items()):
        yield f"consent first, {_words(message_class)}", "yes", source
    for rule in pack.freshness:
        yield f"confirmed within, {_listed(rule.channels)}", f"{rule.days} days", rule.source
    opt_out = pack.opt_out
    if opt_out is not None:
        days = opt_out.honour_within.days
        yield "opt-out, words", _listed(opt_out.words), opt_out.source
        asked = f"asked within {days} days; here at once" if days else "at once"
        yield "opt-out, honoured", asked, opt_out.source
        allowed = f"{opt_out.confirmations} confirmation, {opt_out.replies} replies"
        yield "opt-out, still allowed", allowed, opt_out.source
    if pack.cease_contact is not None:
        kept = pack.cease_contact
        allowed = f"allowed: {_listed(kept.exceptions)}; here nothing at all: a person sends those"
        yield "after a demand to stop", allowed, kept.source


def _rest(pack: Pack) -> Iterator[Row]:
    for mandate in pack.mandates:
        products = f" ({_listed(mandate.products)})" if mandate.products else ""
        limits = [f"on {mandate.min_channels} channel at least"]
        if mandate.after_missed is not None:
            limits.append(f"after {mandate.after_missed} missed payments")
        if mandate.within_days is not None:
            limits.append(f"{mandate.within_days} days")
        figure = f"{mandate.legal_basis}; {', '.join(limits)}"
        yield f"survives opt-out: {_words(mandate.kind)}{products}", figure, mandate.source
    for kept in pack.retention:
        yield f"kept: {_words(kept.record)}", f"{kept.days} days", kept.source
    for duty in pack.duties:
        yield f"`{duty.duty_id}`", duty.says, duty.source


def _cap(cap: Cap) -> str:
    """`at most 3 connected calls per customer in a local day; voice; collection`."""
    scope = " and ".join(sorted(_words(each) for each in cap.scope))
    parts = [f"{_limit(cap)} per {scope} {_window(cap)}", _listed(cap.channels) or "every channel"]
    parts.append(", ".join(sorted(_words(each) for each in cap.classes)) or "every class")
    if cap.exempt:
        parts.append(f"{_listed(cap.exempt)} counted, not held")
    return "; ".join(parts)


def _limit(cap: Cap) -> str:
    if cap.window is Window.AFTER:
        return f"no contact after more than {cap.limit} {_COUNTED[cap.count]}"
    return f"at most {cap.limit} {_COUNTED[cap.count]}"


def _window(cap: Cap) -> str:
    match cap.window:
        case Window.LOCAL_DAY:
            days = f"{cap.length} consecutive local days"
            return "in a local day" if cap.length == 1 else f"in {days}"
        case Window.ROLLING:
            return "in any hour" if cap.length == 1 else f"in any {cap.length} hours"
        case Window.AFTER:
            return f"within {cap.length} local days, that day being day one"
        case Window.BILL:
            return "while the bill lives"


def _spans(hours: Hours) -> str:
    return ", ".join(f"{_minute(span.opens)} to {_minute(span.closes)}" for span in hours.spans)


def _minute(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _closed(held: ClassHours) -> str:
    names = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
    days = [names[day] for day in sorted(held.hours.closed_weekdays)]
    return ", ".join([*days, *(["public holidays"] if held.holidays else [])])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _words(name: str) -> str:
    return name.replace("_", " ")


def main() -> int:
    """Write the page of the packs in the folder that is named."""
    try:
        sys.stdout.write(page(read_packs(Path(sys.argv[1]))))
    except (IndexError, PolicyError) as error:
        missing = isinstance(error, IndexError)
        sys.stderr.write("name the folder of the packs\n" if missing else f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
