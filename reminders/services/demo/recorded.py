"""Records the run of a flawless system without servers: the domain's own brain and model carriers.

The auditor's self-test and unit tests need a run that is known to be right. One second of
business time is one second of machine time here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from reminders.domain.policy import Policy
from reminders.events.envelope import Event
from reminders.events.errors import EventError
from reminders.events.parse import parse_event
from reminders.services.demo.auditor.audit import HOLIDAYS
from reminders.services.demo.model_carrier import ModelCarrier
from reminders.services.demo.model_customer import ModelCustomer
from reminders.services.demo.portfolio import Portfolio
from reminders.services.demo.schedule import Slot, published_line, schedule

POLICY = "policy.txt"  # in a run's folder: the name of the policy's file
_ACKNOWLEDGED_BEFORE_S = 0.02

Feed = list[tuple[datetime, list[Event]]]


def record(portfolio: Portfolio, seed: int, policy: Policy, folder: Path) -> None:
    """Write published, fenced, sms, email and phone logs of a run of `portfolio` to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_holidays(policy, folder)
    feeds = _publish(schedule_of(portfolio, seed), folder)
    with (
        (folder / "sms.jsonl").open("w", encoding="utf-8") as sms,
        (folder / "email.jsonl").open("w", encoding="utf-8") as email,
        (folder / "phone.jsonl").open("w", encoding="utf-8") as phone,
    ):
        carriers = {"sms": ModelCarrier(sms, "sms"), "email": ModelCarrier(email, "email")}
        for number, (ref, feed) in enumerate(sorted(feeds.items()), start=1):
            _live(number, ref, feed, policy, carriers, phone)


def write_holidays(policy: Policy, folder: Path) -> None:
    """The days that are frozen with a policy, for the auditor: jurisdiction → public holidays."""
    closed = {
        place: [day.isoformat() for day in sorted(calendar.closed)]
        for place, calendar in policy.calendars.items()
    }
    (folder / HOLIDAYS).write_text(json.dumps(closed), encoding="utf-8")


def schedule_of(portfolio: Portfolio, seed: int) -> Sequence[Slot]:
    return list(schedule(portfolio, seed))


def _publish(slots: Sequence[Slot], folder: Path) -> Mapping[str, Feed]:
    """Write what was published and fenced; every customer's events by slot."""
    feeds: dict[str, Feed] = defaultdict(list)
    seen: set[str] = set()
    with (
        (folder / "published.jsonl").open("wb") as published,
        (folder / "fenced.jsonl").open("w", encoding="utf-8") as fenced,
    ):
        for slot in slots:
            machine = slot.at.timestamp()
            for body in slot.events:
                published.write(published_line(slot.at, machine, body))
                event = _readable(body)
                if event is not None and event.id not in seen:
                    seen.add(event.id)
                    fenced.write(_fence(event, slot.at, machine) + "\n")
                    _append(feeds[event.customer_id], slot.at, event)
    return feeds


def _readable(body: bytes) -> Event | None:
    try:
        return parse_event(body)
    except EventError:
        return None


def _fence(event: Event, at: datetime, machine: float) -> str:
    return json.dumps(
        {
            "source": event.source,
            "id": event.id,
            "acknowledged": machine,
            "fenced": machine + _ACKNOWLEDGED_BEFORE_S,
            "at": at.isoformat(),
        }
    )


def _append(feed: Feed, at: datetime, event: Event) -> None:
    if not feed or feed[-1][0] != at:
        feed.append((at, []))
    feed[-1][1].append(event)


def _live(
    number: int,
    ref: str,
    feed: Feed,
    policy: Policy,
    carriers: Mapping[str, ModelCarrier],
    phone: IO[str],
) -> None:
    """Play one customer's months: facts as they come, and between them whatever falls due."""
    customer = ModelCustomer(number, ref, policy, carriers)
    for at, events in feed:
        _pass_until(customer, at)
        customer.hear(at, events)
    _pass_until(customer, None)
    line = {"kind": "inbox", "customer": ref, "at": "", "machine": 0, "messages": customer.inbox}
    phone.write(json.dumps(line, ensure_ascii=False) + "\n")


def _pass_until(customer: ModelCustomer, until: datetime | None) -> None:
    while (due_at := customer.next_at) is not None and (until is None or due_at < until):
        customer.work(due_at)
        if customer.next_at == due_at:  # the brain must never ask for the same instant for ever
            customer.work(due_at + timedelta(seconds=1))
