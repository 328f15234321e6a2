"""Tells customers that their STOP, START or HELP was heard: once, by the same channel.

It answers what they wrote a moment ago, so it asks neither hours nor caps, and an opt-out does not
bar the one message that confirms it. It is sent as reminders are: tokens first, written down before
its call, no connection held meanwhile, tried again only where surely nothing was taken.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from channels.contract import Channel, Message, WhenUncertain
from channels.fleet import Budget
from channels.health import Call
from channels.inbound import Meaning
from channels.numbers import range_of
from channels.storable import storable
from reminders.domain.case import EVERY_CHANNEL
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent
from reminders.ledger import confirmations, incidents, locks, provider_refs
from reminders.ledger.confirmations import How, Owed, Said
from reminders.ledger.errors import LedgerError
from reminders.ledger.inbound import ReplyState
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
AT_ONCE = 50  # in one run by one channel: the task that sends them has an end
NEWS_FOR = timedelta(days=1)  # business time, which may run fast; older than this it is none
AGAIN = timedelta(seconds=30)  # after a first failure, then twice as long each time
LONGEST = timedelta(minutes=30)
ASK_EVERY = timedelta(minutes=1)  # machine time: a provider is asked for a missing answer
_WORDS: Mapping[str, Mapping[Meaning, str]] = {
    "en": {
        Meaning.STOP: "{lender}: you will get no more reminders here. Reply START to undo.",
        Meaning.START: "{lender}: you will get reminders here again. Reply STOP to end them.",
        Meaning.HELP: "{lender}: bill reminders. Reply STOP to end them here. More: {url}",
    },
    "zh": {
        Meaning.STOP: "【{lender}】您将不再通过此方式收到账单提醒。回复 START 可恢复。",
        Meaning.START: "【{lender}】您将再次通过此方式收到账单提醒。回复 STOP 可退订。",
        Meaning.HELP: "【{lender}】账单提醒。回复 STOP 可退订 详见 {url}",
    },
}


@dataclass(slots=True)
class _Letter:
    """A confirmation whose call is written down; `message` is None where it is only asked for.

    `begin_by` is an instant of `time.monotonic()`; `begun`: some of its bytes may have left.
    """

    owed: Owed
    provider: Channel
    message: Message | None
    begin_by: float = math.inf
    begun: bool = False


def confirm(resources: Resources, loop: asyncio.AbstractEventLoop) -> int:
    """Send the confirmations that are due, as many as pacing lets; returns how many were accepted.

    Those of a channel that is down wait until it works again, for as long as they are news.
    """
    now = resources.clock.now()
    with resources.engine.begin() as connection:
        down = {each.channel for each in incidents.open_now(connection)}
        confirmations.end_stale(connection, now - NEWS_FOR, now)
        if EVERY_CHANNEL in down:
            return 0
        up = sorted(set(resources.fleet.by_channel) - down - set(resources.fleet.down()))
        owed = confirmations.owed(connection, now, AT_ONCE, up)
    takes = [partial(_lost, resources, now)]
    takes += [partial(_taken, resources, channel, count, now) for channel, count in owed.items()]
    letters: list[_Letter] = []
    wrong: list[SQLAlchemyError] = []
    try:
        for take in takes:
            try:
                letters += take()
            except SQLAlchemyError as error:  # what is written down by now is called all the same
                wrong.append(error)
        outcomes = loop.run_until_complete(_all([_call(resources, each) for each in letters]))
    except BaseException:
        _give_back(resources, letters)
        raise
    accepted = _record(resources, letters, outcomes) if letters else 0
    if wrong:
        raise ExceptionGroup("confirmations that could not be taken up", wrong)
    return accepted


def _taken(resources: Resources, channel: str, count: int, now: datetime) -> list[_Letter]:
    """Those of a channel that may go now: tokens first, then they are written down as begun."""
    budget = resources.fleet.reserve(channel, count)

    def work(connection: Connection) -> list[_Letter]:
        letters: list[_Letter] = []
        unsendable: list[Said] = []
        left = replace(budget, left=dict(budget.left))  # this may be done again
        for owed in confirmations.take(connection, channel, now, budget.total):
            letter = _letter(resources, owed, left)
            if letter is None:
                unsendable.append(Said(owed, ReplyState.DONE, How.NO_ADDRESS, now))
            else:
                letters.append(letter)
        begun = [each.owed for each in letters] + [each.owed for each in unsendable]
        confirmations.begin(connection, begun, resources.limits.lease, now)
        confirmations.record(connection, unsendable, now, ASK_EVERY)
        return letters

    letters = locks.in_transaction(resources.engine, work) if budget.total else []
    begin_by = time.monotonic() + resources.limits.gate_to_call_max.total_seconds()
    for each in letters:
        each.begin_by = begin_by
    return letters


def _lost(resources: Resources, now: datetime) -> list[_Letter]:
    """Calls whose answer never came. Nothing is sent again: a provider that can be asked is asked,
    of the others a receipt may still tell."""

    def work(connection: Connection) -> list[_Letter]:
        inquiries: list[_Letter] = []
        over: list[Said] = []
        for owed in confirmations.take_lost(connection, AT_ONCE):
            provider = resources.fleet.by_name.get(owed.answered_by)
            askable = provider is not None and _asks(provider)
            if provider is None or not askable or now - owed.received_at > NEWS_FOR:
                over.append(Said(owed, ReplyState.DONE, How.UNCERTAIN, now, owed.refused_by))
            else:
                inquiries.append(_Letter(owed._replace(calls=owed.calls + 1), provider, None))
        confirmations.record(connection, over, now, ASK_EVERY)
        confirmations.begin(connection, [each.owed for each in inquiries], resources.limits.lease)
        return inquiries

    return locks.in_transaction(resources.engine, work)


def _asks(provider: Channel) -> bool:
    return provider.capabilities.when_uncertain is WhenUncertain.ASK


def _letter(resources: Resources, owed: Owed, budget: Budget) -> _Letter | None:
    """What the customer is told, and by whom; None where no address is left."""
    if owed.key_id is None or owed.ciphertext is None:
        return None
    words = _WORDS["zh" if owed.language.lower().startswith("zh") else "en"]
    try:
        address = resources.ring.open(owed.key_id, bytes(owed.ciphertext)).decode()
    except LedgerError as error:
        log.warning("reply not confirmed", reason=str(error))
        return None
    text = words[Meaning(owed.meaning)].format(lender=resources.lender, url=resources.pay_url)
    provider = resources.fleet.choose(
        owed.channel,
        address,
        owed.inbound_no.int,
        avoid=(*owed.refused_by.split(), owed.answered_by),
        budget=budget,
        length=len(text),
    )
    message = Message(
        idempotency_key=str(owed.inbound_no),
        address=address,
        kind=f"reply_{owed.meaning}",
        text=text,
        language=owed.language,
        subject=resources.lender,
    )
    begun = owed._replace(calls=owed.calls + 1, answered_by=provider.name)
    return _Letter(begun, provider, message)


async def _all(calls: Sequence[Awaitable[Outcome]]) -> list[Outcome]:
    return await asyncio.gather(*calls)


async def _call(resources: Resources, letter: _Letter) -> Outcome:
    letter.begun = True
    began = time.monotonic()
    try:
        if letter.message is None:
            return storable(_found(await letter.provider.ask(str(letter.owed.inbound_no))))
        outcome = await letter.provider.send(replace(letter.message, start_by=letter.begin_by))
    except Exception:  # a channel never raises; if one does, the others are to be told
        log.exception("channel raised")
        return Uncertain("the channel raised")
    called = Call(
        letter.provider.name,
        range_of(letter.message.address),
        outcome,
        time.monotonic() - began,
    )
    resources.fleet.note([called])
    return storable(outcome)


def _found(outcome: Outcome | None) -> Outcome:
    """What a provider that was asked says; that it never took the message is a failed try."""
    if outcome is None:
        return Uncertain("the provider cannot say yet")
    return Transient("the provider never took it") if isinstance(outcome, Unsent) else outcome


def _give_back(resources: Resources, letters: Sequence[_Letter]) -> None:
    """Those whose call never began go as soon as may be: of these nothing is uncertain."""
    idle = [each for each in letters if each.message is not None and not each.begun]
    if idle:
        _record(resources, idle, [Unsent("its call never began")] * len(idle))


def _record(resources: Resources, letters: Sequence[_Letter], outcomes: Sequence[Outcome]) -> int:
    """Write what became of the calls; returns how many were accepted."""
    now = resources.clock.now()
    pairs = list(zip(letters, outcomes, strict=True))
    said = [_said(resources, letter.owed, outcome, now) for letter, outcome in pairs]
    refs = [
        (letter.provider.name, outcome.ref, letter.owed.inbound_no, now)
        for letter, outcome in pairs
        if isinstance(outcome, Accepted) and letter.provider.capabilities.quotes_ref
    ]

    def work(connection: Connection) -> None:
        confirmations.record(connection, said, now, ASK_EVERY)
        provider_refs.keep(connection, refs)

    locks.in_transaction(resources.engine, work)
    for letter, outcome in pairs:
        log.info(
            "reply confirmed",
            kind=f"reply_{letter.owed.meaning}",
            provider=letter.provider.name,
            outcome=type(outcome).__name__.lower(),
        )
    return sum(isinstance(outcome, Accepted) for outcome in outcomes)


def _said(resources: Resources, owed: Owed, outcome: Outcome, now: datetime) -> Said:
    """The state that an outcome leads to, and when the next try is."""
    refused = owed.refused_by
    match outcome:
        case Accepted():
            return Said(owed, ReplyState.DONE, How.CONFIRMED, now, refused)
        case Uncertain():
            return Said(owed, ReplyState.SENDING, "", now, refused)
        case Permanent(reason=reason, dead_contact=dead):
            again = owed.answered_by in refused.split()  # no other one serves this number
            refused = " ".join(dict.fromkeys((*refused.split(), owed.answered_by)))
            others = {each.name for each in resources.fleet.by_channel[owed.channel]}
            if dead or again or others <= set(refused.split()):
                return Said(owed, ReplyState.DONE, f"refused: {reason}", now, refused)
            return Said(owed, ReplyState.CONFIRM, "", now, refused)
        case Unsent():
            return Said(owed, ReplyState.CONFIRM, "", now, refused)
        case Transient(retry_after=asked):
            wait = min(AGAIN * 2 ** min(owed.calls - 1, 10), LONGEST)
            return Said(owed, ReplyState.CONFIRM, "", now + max(wait, asked or wait), refused)
