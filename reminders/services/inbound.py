"""What customers answer: STOP and START are obeyed at once, the rest is for a person to read.

A stop is honoured for every customer who is reached at the address it came from. It is confirmed
once, by the same channel; no further message follows there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from uuid import UUID

import structlog
from sqlalchemy import Connection

from channels.inbound import Meaning, StopWords, meaning_of
from channels.receipts import UNDATED
from reminders.domain.customer import EVERY_KIND
from reminders.domain.human_task import TaskKind
from reminders.domain.identity import NOBODY, make_id, month_in, month_of
from reminders.domain.outcome import Inbound, Receipt, ReceiptStatus
from reminders.ledger import attempts, inbound, locks, tasks
from reminders.ledger.inbound import Owner, ReplyState
from reminders.services.callbacks import Written
from reminders.services.evaluate import UNDECIDABLE
from reminders.services.preferences.alarm import CUSTOMER, STOP_REPLY
from reminders.services.preferences.change import change
from reminders.services.preferences.errors import PreferenceError
from reminders.services.preferences.show import known as customer_of
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
ANSWERS = timedelta(days=3)  # so long after a message what a customer writes answers it
READ_WITHIN = timedelta(days=1)  # a person is to read the rest
_NOBODY = Owner(b"", NOBODY, "", "", None)
HELP_AGAIN = timedelta(days=1)  # whoever asks again within it has been told
_LATEST = timedelta(days=30)  # no provider holds back a message for longer
_COPIES = timedelta(days=7)  # a provider that was not answered repeats itself for so long


def take(
    resources: Resources, written: Sequence[Written]
) -> tuple[int, list[Receipt], list[Written]]:
    """Take in what customers wrote; returns how many were new, what they confirm, and what could
    not be taken in: whatever is wrong with one, the others are heard.

    A message that comes a second time changes nothing, not even after a later START.
    """
    taken = 0
    receipts: list[Receipt] = []
    odd: list[Written] = []
    for each in written:
        try:
            new, confirmed = _one(resources, each)
        except UNDECIDABLE:
            log.exception("reply not taken in", provider=each.provider)
            odd.append(each)
            continue
        taken += new
        receipts.extend(confirmed)
    return taken, receipts, odd


def _one(resources: Resources, written: Written) -> tuple[bool, list[Receipt]]:
    digest = resources.ring.hash(f"{written.channel}:{written.inbound.sender}")
    numbers_of = partial(_numbers, written)
    now = resources.clock.now()
    written = _dated(written, now)
    attempt_id = _attempt_of(written.inbound)
    with resources.engine.connect() as connection:
        owners = inbound.owners(connection, written.channel, [digest])
        if attempt_id is not None and not inbound.carried(connection, attempt_id, written.provider):
            attempt_id = None  # nobody names what another one carries
        if not owners and attempt_id is not None:  # the address in another spelling
            owners = inbound.owners_by(connection, written.channel, attempt_id, written.provider)
        owners = owners or [_NOBODY]
        numbers = {owner.customer_id: numbers_of(owner, now) for owner in owners}
        named = [(one, number) for one, found in numbers.items() for number in found]
        known = inbound.known(connection, named)
    receipts: list[Receipt] = []
    new = told = False
    for owner in owners:
        found = [known[number] for number in numbers[owner.customer_id] if number in known]
        if any(state is not ReplyState.OBEYING for state in found):
            # Whoever took it in died after this one: they may have been told at this address.
            told = told or ReplyState.OPEN not in found
            continue
        meaning = meaning_of(written.inbound.text, _words(resources, owner.jurisdiction))
        number = numbers[owner.customer_id][0]
        shared = tuple(each for each in named if each[0] != owner.customer_id)
        letter = _Letter(owner, written, number, attempt_id, meaning, bool(found), shared)
        left = _obey(resources, letter, now)
        state = left or ReplyState.DONE
        if state is ReplyState.CONFIRM and told:  # whoever shares the address is told once
            state = ReplyState.DONE
        told = told or state is ReplyState.CONFIRM
        answers = _kept(resources, letter, state, now, ended=left is not None)
        new = True
        if answers is not None and meaning is Meaning.OTHER:
            receipts.append(
                Receipt(str(answers), ReceiptStatus.ACTED, written.inbound.at, reason="reply")
            )
    return new, receipts


def _dated(written: Written, now: datetime) -> Written:
    """The instant as far as it can be: a provider without a clock that we know of is heard now,
    and one that is years off must not outweigh what the customer says next."""
    at = written.inbound.at
    near = now if at == UNDATED else max(min(at, now), now - _LATEST)
    return replace(written, inbound=replace(written.inbound, at=near))


def _numbers(written: Written, owner: Owner, now: datetime) -> tuple[UUID, ...]:
    """The same for every copy of a message, however often and by whatever way it comes; its own
    is the first. One without id and instant is known by its entry on the stream: the next STOP in
    the same words is another. A copy of one without an instant may come in the next month."""
    said = written.inbound
    undated = said.at == UNDATED
    name = said.ref or (written.entry if undated else said.at.isoformat()) + f" {said.text}"
    months = [month_of(now), month_of(now - _COPIES)] if undated else [month_of(said.at)]
    what = (owner.customer_id, "inbound", written.provider, name)
    return tuple(make_id(month, *what) for month in months)


def _attempt_of(said: Inbound) -> UUID | None:
    """The message of ours that it answers, as far as the provider names one."""
    try:
        attempt_id = UUID(said.attempt_id)
        month_in(attempt_id)
    except ValueError:
        return None
    return attempt_id


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message of a customer. `begun`: it was being obeyed when whoever took it in died;
    `shared`: the same one as (customer, message) of the others at its address."""

    owner: Owner
    written: Written
    number: UUID
    attempt_id: UUID | None
    meaning: Meaning
    begun: bool = False
    shared: tuple[tuple[int, UUID], ...] = ()


def _obey(resources: Resources, letter: _Letter, now: datetime) -> ReplyState | None:
    """Do what it says; returns what is left to do: `confirm` it, a person reads it (`open`), or
    nothing (`done`): whoever has been told once that the messages end gets no further one. None:
    it was done before, by this one's copy perhaps, which then ends it."""
    customer, meaning = letter.owner.customer_id, letter.meaning
    if customer == NOBODY or meaning is Meaning.OTHER:
        return ReplyState.OPEN
    channel = letter.written.channel
    with resources.engine.connect() as connection:
        if meaning is Meaning.HELP:
            helped = inbound.newest(connection, customer, channel, meaning)
            again = helped is not None and now - helped < HELP_AGAIN
            return ReplyState.DONE if again else ReplyState.CONFIRM
        stopped = inbound.newest(connection, customer, channel, Meaning.STOP)
        if meaning is Meaning.START and stopped is not None and stopped > letter.written.inbound.at:
            return ReplyState.OPEN  # it was written before the STOP that came first
    return _switch(resources, letter, now)


def _switch(resources: Resources, letter: _Letter, now: datetime) -> ReplyState | None:
    """That it is news is written down first: should we die in between, the channel is off already
    when the message is read again, and it would never be confirmed."""
    ref, channel = letter.owner.ref, letter.written.channel
    allowed = letter.meaning is Meaning.START
    try:
        with resources.engine.connect() as connection:
            off = customer_of(resources, connection, ref).opted_out(channel, EVERY_KIND)
        news = letter.begun or off == allowed
        if news and not letter.begun:
            _kept(resources, letter, ReplyState.OBEYING, now)
        what = (resources, ref, channel, EVERY_KIND)
        made = change(*what, allowed=allowed, actor=CUSTOMER, source=STOP_REPLY)
    except PreferenceError as error:  # it must not be said to be done: a person sees to it
        log.warning("reply not obeyed", allowed=allowed, reason=str(error))
        return ReplyState.OPEN
    if not news:
        return None
    return ReplyState.CONFIRM if made.effective else ReplyState.DONE


def _kept(
    resources: Resources, letter: _Letter, state: ReplyState, now: datetime, *, ended: bool = True
) -> UUID | None:
    """Write it down. `ended`: what it asked for was done by us, and no copy is doing it still."""

    def work(connection: Connection) -> UUID | None:
        left = state
        if state is ReplyState.CONFIRM and letter.shared:
            # A copy that was taken in beside this one may have them told at the same address.
            told = inbound.told(connection, letter.owner.address_hash, letter.shared)
            left = ReplyState.DONE if told else state
        answers = _keep(resources, letter, left, now, connection)
        if ended:
            inbound.obeyed(connection, letter.number, left)
        return answers

    return locks.in_transaction(resources.engine, work)


def _keep(
    resources: Resources,
    letter: _Letter,
    state: ReplyState,
    now: datetime,
    connection: Connection,
) -> UUID | None:
    """Write it down, its words sealed; returns the message of ours that it answers."""
    written, number, attempt_id = letter.written, letter.number, letter.attempt_id
    said, month, customer = written.inbound, month_in(number), letter.owner.customer_id
    if attempt_id is None and customer != NOBODY:
        since = said.at - ANSWERS
        attempt_id = inbound.answered(connection, customer, written.channel, since, said.at)
    words = {"subject": "", "text": said.text}
    if customer == NOBODY:
        words["sender"] = said.sender
    sealed = resources.ring.seal(json.dumps(words, ensure_ascii=False))
    attempts.SECRETS.insert(
        connection, [(customer, month, number, sealed.key_id, sealed.ciphertext)]
    )
    if state is ReplyState.OPEN:
        due_at = now + READ_WITHIN
        tasks.make(connection, TaskKind.REPLY, customer, "", due_at, now, task_id=number)
    row = (customer, month, number, written.provider, written.channel, letter.meaning)
    how = (state, letter.owner.secret_id, now)
    inbound.INBOUND.insert(connection, [(*row, attempt_id, said.at, now, *how)])
    return attempt_id


@lru_cache(maxsize=256)
def _stop_words(packs: tuple[tuple[str, ...], ...]) -> StopWords:
    return StopWords.of(word for words in packs for word in words)


def _words(resources: Resources, jurisdiction: str) -> StopWords:
    """The words of the customer's own pack, and everybody's."""
    policy = resources.book.active
    name = policy.pack_of.get(jurisdiction) or policy.pack_of.get("*", "")
    pack = policy.packs.get(name)
    return _stop_words((tuple(sorted(pack.stop_words)),) if pack is not None else ())
