"""Tells customers that their STOP, START or HELP was heard: once, by the same channel.

It answers what they wrote a moment ago, so it asks neither hours nor caps, and an opt-out does not
bar the one message that confirms it. It is taken before it is sent: a confirmation that is lost
costs less than a second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from channels.contract import Message
from channels.inbound import Meaning
from reminders.domain.case import EVERY_CHANNEL
from reminders.domain.outcome import Accepted
from reminders.ledger import contact_points, inbound, incidents, locks
from reminders.ledger.errors import LedgerError
from reminders.ledger.inbound import Owed
from reminders.services.resources import Resources

log = structlog.get_logger(__name__)
AT_ONCE = 50  # in one run: the task that sends them has an end
NEWS_FOR = timedelta(days=1)  # business time, which may run fast; older than this it is none
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


def confirm(resources: Resources, loop: asyncio.AbstractEventLoop) -> int:
    """Send the confirmations that are owed, each at most once; returns how many were accepted.

    Those of a channel that is declared down wait for the end of its incident, if it is soon.
    """
    now = resources.clock.now()
    with resources.engine.connect() as connection:
        down = {each.channel for each in incidents.open_now(connection)}
    if EVERY_CHANNEL in down:
        return 0
    owed = locks.in_transaction(
        resources.engine,
        lambda connection: inbound.to_confirm(connection, AT_ONCE, now, sorted(down)),
    )
    letters: dict[tuple[str, str, str], Message] = {}
    for each in owed:
        message = _message(resources, each) if now - each.received_at <= NEWS_FOR else None
        if message is not None:  # whoever shares a number is told once
            letters.setdefault((each.channel, message.address, each.meaning), message)
    if not letters:
        return 0
    calls = [_send(resources, channel, message) for (channel, _, _), message in letters.items()]
    return loop.run_until_complete(_all(calls))


async def _all(calls: Sequence[Awaitable[bool]]) -> int:
    return sum(await asyncio.gather(*calls))


async def _send(resources: Resources, channel: str, message: Message) -> bool:
    provider = resources.fleet.choose(channel, message.address, UUID(message.idempotency_key).int)
    try:
        outcome = await provider.send(message)
    except Exception:  # a channel never raises; if one does, the others are to be told
        log.exception("channel raised")
        return False
    log.info("reply confirmed", kind=message.kind, outcome=type(outcome).__name__.lower())
    return isinstance(outcome, Accepted)


def _message(resources: Resources, owed: Owed) -> Message | None:
    """What the customer is told; None where no address or provider is left."""
    if owed.channel not in resources.fleet.by_channel:
        return None
    with resources.engine.connect() as connection:
        addresses = contact_points.addresses(connection, [owed.customer_id])
        language = contact_points.language(connection, owed.customer_id)
    found = addresses.get((owed.customer_id, owed.channel))
    if found is None:
        return None
    _, key_id, ciphertext = found
    words = _WORDS["zh" if language.lower().startswith("zh") else "en"][Meaning(owed.meaning)]
    try:
        address = resources.ring.open(key_id, ciphertext).decode()
    except LedgerError as error:
        log.warning("reply not confirmed", reason=str(error))
        return None
    return Message(
        idempotency_key=str(owed.inbound_no),
        address=address,
        kind=f"reply_{owed.meaning}",
        text=words.format(lender=resources.lender, url=resources.pay_url),
        language=language,
        subject=resources.lender,
    )
