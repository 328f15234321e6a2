"""The session that hears: each deliver_sm is answered once it is safe on the stream."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from channels.contract import Post
from channels.errors import NothingTaken
from channels.sms.smpp.errors import OK, SYSTEM_ERROR
from channels.sms.smpp.heard import post_of
from channels.sms.smpp.session import Heard, Session, open_session
from channels.sms.smpp.settings import SmppSettings

log = logging.getLogger(__name__)

_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 30.0
_STEADY_S: Final = 5.0  # a session that lasted so long was no failure

Take = Callable[[Post], Awaitable[None]]


async def listen(settings: SmppSettings, take: Take, now: Callable[[], datetime]) -> None:
    """Bind and hear until cancelled; bind again, after growing pauses, whenever that ends."""
    wait_s = _FIRST_WAIT_S
    while True:
        began = time.monotonic()
        try:
            session = await open_session(settings, settings.listen_bind, hears=True)
            await _serve(session, take, now)
            log.warning("%s: the listening session ended", settings.name)
        except NothingTaken as error:
            log.warning("%s: no listening session: %s", settings.name, error)
        if time.monotonic() - began > _STEADY_S:
            wait_s = _FIRST_WAIT_S
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)


async def _serve(session: Session, take: Take, now: Callable[[], datetime]) -> None:
    try:
        while heard := await session.heard():
            heard_at = now()
            # Together: the stream takes many in the time of one.
            await asyncio.gather(*(_hand_over(session, one, take, heard_at) for one in heard))
    finally:
        await session.unbind()


async def _hand_over(session: Session, heard: Heard, take: Take, heard_at: datetime) -> None:
    pdu, unit = heard
    try:
        await take(post_of(unit, heard_at))
    except Exception:
        # Whatever keeps it off the stream, the carrier keeps it: a system error is tried again.
        log.exception("a deliver_sm did not reach the stream")
        session.answer(pdu, SYSTEM_ERROR)
    else:
        session.answer(pdu, OK)
