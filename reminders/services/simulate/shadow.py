"""A candidate beside the live policy over what a running system was told; nothing is sent.

Where the replay makes an attempt that was really made, its fate is the recorded one; the model
answers only for attempts that never were. How much of what live did the replay of the live policy
reproduces is the fidelity: what it says of a candidate can be no better.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from reminders.domain.outcome import AttemptState
from reminders.domain.policy import Policy
from reminders.ledger.replaying import Made, Past, each_past
from reminders.services.simulate.engine import Collected, Result, empty
from reminders.services.simulate.facts import fact_of
from reminders.services.simulate.fates import Fate, Model
from reminders.services.simulate.play import Play, Setting
from reminders.services.simulate.timeline import Sent, Window

_LATER = {
    AttemptState.DELIVERED.value: AttemptState.DELIVERED,
    AttemptState.READ.value: AttemptState.READ,
    AttemptState.UNDELIVERED.value: AttemptState.UNDELIVERED,
}
_NEVER_LEFT = frozenset({AttemptState.RELEASED.value, AttemptState.SUBMITTED.value})
_SAME_TIME = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)

Attempt = tuple[int, int]  # reminder id, number


@dataclass(slots=True)
class Fidelity:
    """Attempts that live made, those that the replay of its policy makes too, and those only it
    makes. `same_channel` and `same_minute` are of `both`."""

    live: int = 0
    both: int = 0
    same_channel: int = 0
    same_minute: int = 0
    only_replay: int = 0

    @property
    def share(self) -> float:
        """Of the attempts that live made: reproduced, on the same channel."""
        return self.same_channel / self.live if self.live else 1.0

    def see(self, made: Mapping[Attempt, Made], sent: Mapping[Attempt, Sent]) -> None:
        """Compare one customer's attempts."""
        self.live += len(made)
        self.only_replay += len(sent.keys() - made.keys())
        for key in made.keys() & sent.keys():
            self.both += 1
            self.same_channel += made[key].channel == sent[key].channel
            apart = abs(made[key].submitted_at - sent[key].at)
            self.same_minute += apart < _SAME_TIME


def told_of(fidelity: Fidelity) -> dict[str, float]:
    """The figures that are published."""
    return {
        "live_attempts": fidelity.live,
        "reproduced": fidelity.same_channel,
        "share": round(fidelity.share, 6),
        "same_minute": fidelity.same_minute,
        "only_in_replay": fidelity.only_replay,
    }


class Recorded:
    """The fates of one customer's real attempts; the model's for all others."""

    def __init__(self, model: Model, fates: Mapping[str, tuple[str, Fate]]) -> None:
        self._model = model
        self._fates = fates

    def fate(self, customer: str, channel: str, address: str, about: str) -> Fate:
        """What became of the attempt `about` (reminder and number) on this channel."""
        known = self._fates.get(about)
        if known is not None and known[0] == channel:
            return known[1]
        return self._model.fate(customer, channel, address, about)


def shadow(
    engine: Engine,
    candidate: Policy,
    live: Policy,
    model: Model,
    window: Window,
    show: Callable[[int, int | None], None] = lambda done, total: None,
) -> tuple[Result, Fidelity]:
    """Play both policies over the ledger's past, as far as the window goes."""
    began, cpu_began = time.monotonic(), time.process_time()
    result = empty((candidate, live), model, "the ledger")
    collected = Collected(result)
    fidelity = Fidelity()
    for past in _pasts(engine, window):
        facts = [fact_of(json.loads(body), known_at) for known_at, body in past.events]
        made = {(each.reminder_id.int, each.number): each for each in past.made if _left(each)}
        fates = Recorded(model, {_about(each): (each.channel, _fate(each)) for each in past.made})
        played = []
        for policy, tally in zip((candidate, live), result.tallies, strict=True):
            setting = Setting(policy, fates, window, keep_sent=True)
            played.append(Play(past.ref, facts, setting, tally).run())
        counted = {key: each for key, each in made.items() if each.submitted_at >= window.from_at}
        fidelity.see(counted, {(each.reminder, each.number): each for each in played[1].sent})
        collected.add(
            past.ref, [each.digest for each in played], [each.messages for each in played]
        )
        result.events += len(facts)
        result.heard.events += len(facts)
        show(result.tallies[0].customers, None)
    collected.close(time.monotonic() - began, time.process_time() - cpu_began)
    return result, fidelity


def _pasts(engine: Engine, window: Window) -> Iterator[Past]:
    reading = engine.execution_options(isolation_level="REPEATABLE READ")
    with reading.connect() as connection:
        yield from each_past(connection, window.until_at)


def _left(made: Made) -> bool:
    """False for an attempt whose call never began."""
    return any(line.state not in _NEVER_LEFT for line in made.lines)


def _about(made: Made) -> str:
    return f"{made.reminder_id.int:x}\0{made.number}"


def _fate(made: Made) -> Fate:
    """What was recorded, as the model would tell it."""
    state = AttemptState.ACCEPTED
    for line in made.lines:
        if line.state == AttemptState.FAILED:
            return Fate(AttemptState.FAILED, dead_contact=line.died)
        if line.state == AttemptState.UNCERTAIN:
            state = AttemptState.UNCERTAIN
    heard = tuple(
        (max(0, (line.at - made.submitted_at) // _SECOND), _LATER[line.state])
        for line in made.lines
        if line.state in _LATER
    )
    return Fate(state, receipts=heard)
