"""What customers answer: STOP and START are obeyed at once, the rest is for a person to read.

A stop is honoured for every customer who is reached at the address it came from. It is confirmed
once, by the same channel; no further message follows there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from uuid import UUID

import structlog
from sqlalchemy import Connection

from channels.contract import Message
from channels.inbound import Meaning, StopWords, meaning_of
from channels.receipts import UNDATED
from reminders.domain.customer import EVERY_KIND
from reminders.domain.human_task import TaskKind
from reminders.domain.identity import NOBODY, make_id, month_of
from reminders.domain.outcome import Accepted, Receipt, ReceiptStatus
from reminders.ledger import attempts, contact_points, inbound, locks, tasks
from reminders.ledger.inbound import Owner
from reminders.services.callbacks import Written
from reminders.services.preferences.alarm import CUSTOMER, STOP_REPLY
from reminders.services.preferences.change import change
from reminders.services.preferences.errors import PreferenceError
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
ANSWERS = timedelta(days=3)  # so long after a message what a customer writes answers it
READ_WITHIN = timedelta(days=1)  # a person is to read the rest
_NOBODY = Owner(b"", NOBODY, "", "", "")
_CONFIRM = frozenset({Meaning.STOP, Meaning.START, Meaning.HELP})
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


def _dated(written: Written, now: datetime) -> Written:
    """A provider without a clock that we know of is heard now."""
    if written.inbound.at != UNDATED:
        return written
    return replace(written, inbound=replace(written.inbound, at=now))


def take(resources: Resources, written: Sequence[Written]) -> tuple[int, list[Receipt]]:
    """Take in what customers wrote; returns how many were new, and what they confirm.

    A message that comes a second time changes nothing, not even after a later START.
    """
    taken = 0
    receipts: list[Receipt] = []
    for each in written:
        new, confirmed = _one(resources, each)
        taken += new
        receipts.extend(confirmed)
    return taken, receipts


def _one(resources: Resources, written: Written) -> tuple[bool, list[Receipt]]:
    digest = resources.ring.hash(f"{written.channel}:{written.inbound.sender}")
    number_of = partial(_number, written)
    now = resources.clock.now()
    written = _dated(written, now)
    with resources.engine.connect() as connection:
        owners = inbound.owners(connection, written.channel, [digest]) or [_NOBODY]
        numbers = {owner.customer_id: number_of(owner, now) for owner in owners}
        known = inbound.known(connection, list(numbers.items()))
    new = [owner for owner in owners if numbers[owner.customer_id] not in known]
    receipts: list[Receipt] = []
    for owner in new:
        meaning = meaning_of(written.inbound.text, _words(resources, owner.jurisdiction))
        _obey(resources, owner, written.channel, meaning)
        number = numbers[owner.customer_id]
        keep = partial(_keep, resources, owner, written, number, meaning, now)
        found = locks.in_transaction(resources.engine, keep)
        if found is not None and meaning is Meaning.OTHER:
            receipts.append(
                Receipt(str(found), ReceiptStatus.ACTED, written.inbound.at, reason="reply")
            )
    return bool(new), receipts


def _number(written: Written, owner: Owner, now: datetime) -> UUID:
    """The same for every copy of a message, however often and by whatever way it comes."""
    said = written.inbound
    name = said.ref or f"{said.at.isoformat()} {said.text}"
    month = month_of(now if said.at == UNDATED else said.at)
    return make_id(month, owner.customer_id, "inbound", written.provider, name)


def _obey(resources: Resources, owner: Owner, channel: str, meaning: Meaning) -> None:
    if owner.customer_id == NOBODY or meaning not in (Meaning.STOP, Meaning.START):
        return
    allowed = meaning is Meaning.START
    try:
        change(
            resources,
            owner.ref,
            channel,
            EVERY_KIND,
            allowed=allowed,
            actor=CUSTOMER,
            source=STOP_REPLY,
        )
    except PreferenceError as error:
        log.warning("reply not obeyed", meaning=meaning, reason=str(error))


def _keep(
    resources: Resources,
    owner: Owner,
    written: Written,
    number: UUID,
    meaning: Meaning,
    now: datetime,
    connection: Connection,
) -> UUID | None:
    """Write it down, its words sealed; returns the message of ours that it answers."""
    said, month, customer = written.inbound, month_of(written.inbound.at), owner.customer_id
    attempt_id = UUID(said.attempt_id) if said.attempt_id else None
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
    state = "done" if meaning not in _CONFIRM or customer == NOBODY else "confirm"
    if meaning is Meaning.OTHER or customer == NOBODY:
        state = "open"
        due_at = now + READ_WITHIN
        tasks.make(connection, TaskKind.REPLY, customer, "", due_at, now, task_id=number)
    row = (customer, month, number, written.provider, written.channel, meaning)
    inbound.INBOUND.insert(connection, [(*row, attempt_id, said.at, now, state)])
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


def confirm(resources: Resources, loop: asyncio.AbstractEventLoop) -> int:
    """Send the confirmations that are owed, each at most once; returns how many were taken.

    It is taken before it is sent: a confirmation that is lost costs less than a second one.
    """
    now, most = resources.clock.now(), resources.limits.batch
    owed = locks.in_transaction(
        resources.engine, lambda connection: inbound.to_confirm(connection, most, now)
    )
    taken = 0
    for customer, number, channel, meaning in owed:
        message = _message(resources, customer, number, channel, Meaning(meaning))
        if message is None or channel not in resources.fleet.by_channel:
            continue
        provider = resources.fleet.choose(channel, message.address, number.int)
        outcome = loop.run_until_complete(provider.send(message))
        taken += isinstance(outcome, Accepted)
        log.info("reply confirmed", meaning=meaning, outcome=type(outcome).__name__.lower())
    return taken


def _message(
    resources: Resources, customer: int, number: UUID, channel: str, meaning: Meaning
) -> Message | None:
    with resources.engine.connect() as connection:
        found = contact_points.addresses(connection, [customer]).get((customer, channel))
        language = contact_points.language(connection, customer)
    if found is None:
        return None
    _, key_id, ciphertext = found
    words = _WORDS["zh" if language.lower().startswith("zh") else "en"][meaning]
    return Message(
        idempotency_key=str(number),
        address=resources.ring.open(key_id, ciphertext).decode(),
        kind=f"reply_{meaning}",
        text=words.format(lender=resources.lender, url=resources.pay_url),
        language=language,
        subject=resources.lender,
    )
