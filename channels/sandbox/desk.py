"""Plays a message's script at any door: it refuses, takes, answers late or never."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from channels.sandbox.carrier import Carrier, Handover


class Replies(Protocol):
    """How one protocol answers one request."""

    def accept(self, ref: str) -> str:
        """Say that the message was taken as `ref`; the status as the log is to show it."""

    def refuse(self, refusal: str) -> str:
        """Say a script's refusal: an error code or an HTTP status; the status for the log."""


@dataclass
class Desk:
    """`honours_keys`: the same key to the same address again gives the same id and no message."""

    carrier: Carrier
    honours_keys: bool = False

    def __post_init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}

    def serve(self, message: Handover, replies: Replies) -> None:
        self.carrier.requested(message)
        known = self._ids.get((message.key, message.to))
        if known is not None:
            self._accept(message, known, replies)
        elif self.carrier.refusals.refuse(message.script, message.to):
            refusal = message.script.refusal
            self.carrier.answered(message, replies.refuse(refusal), refusal)
        else:
            self._take(message, replies)

    def _take(self, message: Handover, replies: Replies) -> None:
        script = message.script
        ref = self.carrier.draws.message_id(f"{message.key} {message.to}")
        if script.takes:
            if self.honours_keys:
                self._ids[message.key, message.to] = ref
            self.carrier.take(message, ref)
        if not script.answers:
            return
        if script.answer_after_s:
            self.carrier.in_flight += 1
            asyncio.get_running_loop().call_later(
                script.answer_after_s, self._accept_late, message, ref, replies
            )
        else:
            self._accept(message, ref, replies)

    def _accept_late(self, message: Handover, ref: str, replies: Replies) -> None:
        self.carrier.in_flight -= 1
        self._accept(message, ref, replies)

    def _accept(self, message: Handover, ref: str, replies: Replies) -> None:
        self.carrier.answered(message, replies.accept(ref), ref=ref)
