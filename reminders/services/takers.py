"""Whether any provider of a channel takes this very message now, and has a token for it.

A channel may be well while those of its providers that serve a number, or carry a text, are not.
"""

from __future__ import annotations

from reminders.domain.bill import BillPosition
from reminders.domain.customer import WRITTEN
from reminders.domain.decision import Send
from reminders.ledger.reminders import Move
from reminders.messages.errors import TemplateError
from reminders.services.gate_work import GateWork
from reminders.services.handing_over import Judged, address_of, text_of


def closed(work: GateWork, case: Judged, bill: BillPosition, channel: str) -> str:
    """Why no provider of this channel takes this message now; "" where one does."""
    fleet = work.resources.fleet
    if channel in WRITTEN or fleet.takes_all(channel):
        return ""
    try:
        rendered = text_of(work, case, bill, channel, ())
    except TemplateError:  # told when it is written
        return ""
    probes = work.probes_left(channel, case.kept, case.past)
    return fleet.closed_to(channel, address_of(work, case, channel), len(rendered.text), probes)


def without_token(work: GateWork, case: Judged, decision: Send) -> bool:
    """True for what waits for a token of the only providers that take it: the lane's tokens may be
    all of others. Those that wait come one after the other, as fast as they are sent."""
    kept, fleet, budget = case.kept, work.resources.fleet, work.budget
    channel = decision.rung.channel
    if budget is None or budget.probed or case.bill is None:
        return False
    if channel != kept.lane or channel in WRITTEN or not fleet.may_lack(channel, budget):
        return False
    try:
        rendered = text_of(work, case, case.bill, channel, ())
    except TemplateError:  # told when it is written
        return False
    short = fleet.lacks(channel, address_of(work, case, channel), len(rendered.text), budget)
    if short is None:
        return False
    ends_at = max(work.now, kept.reminder.expires_at)
    turn = min(work.now + short.wait + len(work.turns) * short.step, ends_at)
    # What shares a message waits together.
    next_at = work.turns.setdefault(case.digest or kept.reminder.reminder_id, turn)
    work.moves.append(Move(kept, kept.state, kept.reason, next_at, kept.lane))
    return True
