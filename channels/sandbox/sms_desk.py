"""What every simulated SMS provider does with a call once it has read it: follow the numbers'
scripts, answer in time or never, and let customers write back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from channels.sandbox.carrier import Carrier, Handover
from channels.sandbox.http_server import Handler, Request
from channels.sandbox.postman import Letter

INBOUND_PATH = "/sandbox/inbound"


@dataclass(frozen=True, slots=True)
class Handled:
    """One message of a call: its id at the provider, or the script's refusal."""

    message: Handover
    ref: str
    refusal: str = ""


Respond = Callable[[Sequence[Handled]], None]


class SmsDesk:
    """Takes calls for one carrier. `ref_of` makes the id of a message that is taken."""

    def __init__(self, carrier: Carrier, ref_of: Callable[[Handover, int], str]) -> None:
        self.carrier = carrier
        self._ref_of = ref_of
        self._taken = 0

    def receive(self, messages: Sequence[Handover], respond: Respond, *, whole: bool) -> None:
        """Handle the messages of one call. `whole`: where one is refused, all are."""
        for message in messages:
            self.carrier.requested(message)
        refused = {
            message.reference: message.script.refusal
            for message in messages
            if self.carrier.refusals.refuse(message.script, message.to)
        }
        if whole and refused:
            first = next(iter(refused.values()))
            refused = {message.reference: first for message in messages}
        handled = [self._one(each, refused.get(each.reference, "")) for each in messages]
        taken = [each.message.script for each in handled if not each.refusal]
        if not all(script.answers for script in taken):
            return
        wait_s = max((script.answer_after_s for script in taken), default=0.0)
        if not wait_s:
            self._respond(handled, respond)
            return
        self.carrier.in_flight += 1
        asyncio.get_running_loop().call_later(wait_s, self._respond_late, handled, respond)

    def _one(self, message: Handover, refusal: str) -> Handled:
        if refusal:
            return Handled(message, "", refusal)
        self._taken += 1
        ref = self._ref_of(message, self._taken)
        if message.script.takes:
            self.carrier.take(message, ref)
        return Handled(message, ref)

    def _respond_late(self, handled: Sequence[Handled], respond: Respond) -> None:
        self.carrier.in_flight -= 1
        self._respond(handled, respond)

    def _respond(self, handled: Sequence[Handled], respond: Respond) -> None:
        for each in handled:
            status = "refused" if each.refusal else "accepted"
            self.carrier.answered(each.message, status, each.refusal, each.ref)
        respond(handled)


def with_inbound(handler: Handler, write_back: Callable[[str, str], None]) -> Handler:
    """A handler that also takes `POST /sandbox/inbound {"from", "text"}`: a customer writes."""

    def handle(request: Request) -> None:
        if (request.method, request.path) != ("POST", INBOUND_PATH):
            handler(request)
            return
        try:
            found = json.loads(request.body)
            write_back(str(found["from"]), str(found["text"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            request.respond(400, {"error": 'want {"from": a number, "text": the words}'})
            return
        request.respond(202, {})

    return handle


def post_inbound(carrier: Carrier, entry: dict[str, object], url: str = "") -> None:
    """Post what a customer wrote, in the provider's own form, to the lender's door."""
    carrier.postman.post(Letter(entry, lambda: None, url))
