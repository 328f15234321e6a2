"""What a message would look like in every channel's form: of a real bill, or of a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.contract import Channel
from reminders.domain.bill import BillPosition
from reminders.domain.calendar import local_day
from reminders.domain.compliance import Pack
from reminders.domain.customer import Customer
from reminders.domain.kinds import MessageKind, class_of
from reminders.domain.policy import Urgency
from reminders.domain.reminder import Reminder
from reminders.domain.rules import HOUSE
from reminders.messages.errors import TemplateError
from reminders.messages.facts import NOTICES, Kind, Rendered, kind_on
from reminders.messages.law import NO_LAW, Law, law_of
from reminders.messages.preview_page import Preview, Shown
from reminders.messages.samples import sample
from reminders.messages.templates import TemplateSet
from reminders.services.bill_history import load
from reminders.services.compose import draft
from reminders.services.resources import Resources

CHANNELS = (
    *("sms", "push", "voice", "in_app", "wechat", "whatsapp"),
    *("apprise", "webhook", "human_task", "email"),
)
SAMPLE = "sample"
NO_PACKS: Mapping[str, Pack] = MappingProxyType({})
_NO_ID = UUID(int=0)
# A day from the due date on which a dated kind is true, where today is none.
_DAYS: Mapping[str, int] = {Kind.PRE_DUE: -3, Kind.DUE_TODAY: 0, Kind.OVERDUE: 1}


@dataclass(frozen=True, slots=True)
class Asked:
    """What to show. An empty kind is the one that is true today, an empty urgency normal, an empty
    language the customer's own (of a sample: English); a bill's brand is that of its product, and
    its packs those of its customer: `pack` is whose words an invented bill must keep."""

    kind: str = ""
    language: str = ""
    brand: str = ""
    urgency: str = Urgency.NORMAL
    bill: str = SAMPLE
    pack: str = ""

    def checked(self, templates: TemplateSet) -> Asked:
        """This, if all of it exists. Raises `TemplateError`."""
        for name, given, known in (
            ("kind", self.kind, tuple(Kind)),
            ("urgency", self.urgency, tuple(Urgency)),
            ("language", self.language, templates.languages),
            ("brand", self.brand, templates.brands),
        ):
            if given and given not in known:
                raise TemplateError(f"{name} {given[:80]!r} is none of {', '.join(known) or '-'}")
        if self.pack and self.bill != SAMPLE:
            raise TemplateError("a pack is for an invented bill: a real one keeps its customer's")
        return replace(self, urgency=self.urgency or Urgency.NORMAL)


def preview_sample(
    templates: TemplateSet,
    asked: Asked,
    costs: Mapping[str, int],
    lender: str = "",
    packs: Mapping[str, Pack] = NO_PACKS,
) -> Preview:
    """The message of an invented bill. `packs`: those that there are. Raises `TemplateError` for
    what does not exist."""
    asked = asked.checked(templates)
    kind, language = asked.kind or Kind.PRE_DUE, asked.language or "en"
    facts = replace(
        sample(kind, language),
        urgency=asked.urgency,
        currency="CNY" if language.startswith("zh") else "HKD",
        amount_minor=123_400,
        minimum_minor=10_000,
        paid_minor=123_400,
        name="王示例" if language.startswith("zh") else "Ann Example",
    )
    if lender:
        facts = replace(facts, lender=lender)
    law = _law(asked.pack, packs, kind)
    shown = _each(lambda channel: templates.render(channel, facts, asked.brand, law), costs)
    where = f", as the pack {asked.pack} asks" if asked.pack else ""
    about = f"{language}, urgency {facts.urgency}, the invented bill {facts.bill_id}{where}"
    return Preview(f"Preview of {kind}", about, list(shown))


def _law(name: str, packs: Mapping[str, Pack], kind: str) -> Law:
    """What this pack asks of a kind, with the one that joins every other."""
    if not name:
        return NO_LAW
    if name not in packs:
        raise TemplateError(f"pack {name[:80]!r} is none of {', '.join(sorted(packs))}")
    both = {each: packs[each] for each in (name, HOUSE) if each in packs}
    return law_of(both.values(), class_of(MessageKind(kind)))


def preview_bill(resources: Resources, asked: Asked) -> Preview:
    """The message of a real bill as it stands now: nothing is sent or kept.

    Raises `TemplateError` for what does not exist, `LedgerError` for a bill nobody knows.
    """
    asked = asked.checked(resources.templates)
    costs = costs_of(each for group in resources.fleet.by_channel.values() for each in group)
    if asked.bill == SAMPLE:
        packs = resources.book.active.packs
        return preview_sample(resources.templates, asked, costs, resources.lender, packs)
    known = load(resources, asked.bill)[0]
    bill, customer = known.bill, known.known.customer
    if bill is None:
        raise TemplateError(f"bill {asked.bill[:80]} has no version yet")
    if asked.language:
        customer = replace(customer, language=asked.language)
    now, kind = _when(asked.kind, known.now, bill.terms.due_on, customer.time_zone)
    today = local_day(now, customer.time_zone)
    reminder = _reminder(customer, bill, kind, asked.urgency)
    if asked.brand:
        resources = replace(resources, brands={bill.terms.product: asked.brand})
    terms = bill.terms
    policy = resources.book.choose(now, terms.product, terms.currency, customer.jurisdiction)
    shown = _each(
        lambda channel: draft(
            # Where links are short, this one is as long as any; it leads to no bill.
            *(resources, channel, reminder, customer, bill, now),
            attempt_id=_NO_ID,
            policy=policy,
        ),
        costs,
    )
    about = f"bill {bill.bill_id} as on {today}, urgency {asked.urgency}: nothing is sent"
    return Preview(f"Preview of {kind}", about, list(shown))


def costs_of(providers: Iterable[Channel]) -> Mapping[str, int]:
    """What one message, or one segment, costs by channel: the dearest provider's price."""
    found: dict[str, int] = {}
    for each in providers:
        known = each.capabilities
        found[known.channel] = max(known.cost_minor, found.get(known.channel, 0))
    return found


def _when(kind: str, now: datetime, due_on: date, zone: str) -> tuple[datetime, str]:
    """An instant at which this kind is true of the bill: now, if it is; and the kind."""
    today = local_day(now, zone)
    true = kind_on(due_on, today)
    wanted = Kind.OVERDUE if kind in NOTICES else kind
    if wanted not in _DAYS or wanted == true:
        return now, kind or true
    day = due_on + timedelta(days=_DAYS[wanted])
    return datetime.combine(day, time(12), ZoneInfo(zone or "UTC")), kind


def _each(write: Callable[[str], Rendered], costs: Mapping[str, int]) -> Iterable[Shown]:
    for channel in CHANNELS:
        try:
            yield Shown(channel, write(channel), cost_minor=costs.get(channel))
        except TemplateError as error:
            yield Shown(channel, None, str(error))


def _reminder(customer: Customer, bill: BillPosition, kind: str, urgency: str) -> Reminder:
    """One that is nowhere kept: only its kind and its urgency are read."""
    at = bill.terms.issued_at
    return Reminder(
        reminder_id=_NO_ID,
        customer_id=customer.customer_id,
        month=0,
        bill_id=bill.bill_id,
        stage="preview",
        epoch=bill.epoch,
        kind=MessageKind(kind),
        urgency=Urgency(urgency),
        due_at=at,
        expires_at=at,
    )
