"""I1 to I6 and I8 on a real ledger: the same random lives and the same checkers as without one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from channels.contract import Message
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain, Unsent
from tests.invariants import checkers
from tests.invariants.invent import invent_fate, invent_rhythm
from tests.invariants.life import Answer, Life, Told, in_order
from tests.invariants.trace import Ended, HandOff, Key, Planned, Trace
from tests.invariants.writing import Writer
from tests.scenario.world import PROFILE, START, World
from tests.unit.domain.facts import default_policy

OUTCOMES: dict[Answer, Outcome] = {
    Answer.ACCEPTED: Accepted("ref"),
    Answer.BUSY: Transient("busy"),
    Answer.BARRED: Permanent("barred"),
    Answer.DEAD: Permanent("unknown", dead_contact=True),
    Answer.UNCERTAIN: Uncertain("timed out"),
    Answer.UNSENT: Unsent("too late"),
}
CHANGED: dict[str, dict[str, Any]] = {  # Any: YAML
    "plain": {},
    "digest": {"digest": True, "limits": {"per_day": 1, "per_bill": 4}},
    "quiet": {"quiet": {"start": "20:00", "end": "11:15"}, "jitter_minutes": 20},
}
KEPT = (
    checkers.silence_after_settlement,
    checkers.within_hours,
    checkers.no_means_no,
    checkers.within_caps,
    checkers.one_end,
    checkers.handed_over_once,
    checkers.never_silent,
)


def invent_story(rng: Random) -> tuple[str, Life]:
    """A life of one customer who stays where they are, and the name of the policy it is under."""
    name = rng.choice(tuple(CHANGED))
    writer = Writer(rng, START)
    writer.customer("C-1")
    writer.bills("C-1")
    for _ in range(rng.randint(0, 6)):
        writer.act("C-1")
    # Nobody calls here, and a profile is told once.
    told = [each for each in writer.told if not _of_another(each, writer.told[0])]
    fates = tuple(invent_fate(rng) for _ in range(rng.randint(1, 4)))
    return name, Life(
        default_policy(), in_order([*map(_written, told)]), invent_rhythm(rng, START), fates
    )


def _of_another(told: Told, profile: Told) -> bool:
    if told.kind == "customer.updated":
        return told.event_id != profile.event_id
    return told.data.get("channel") == "voice" and told.kind == "preference.changed"


def _written(told: Told) -> Told:
    if told.kind != "customer.updated":
        return told
    points = [point for point in told.data["contact_points"] if point["channel"] != "voice"]
    consent = {name: yes for name, yes in told.data["consent"].items() if name != "voice"}
    place = told.data["jurisdiction"][:2] or "TW"  # the door wants a country
    changed = {"contact_points": points, "consent": consent, "jurisdiction": place}
    return replace(told, data={**told.data, **changed})


stories: st.SearchStrategy[tuple[str, Life]] = st.randoms(use_true_random=False).map(invent_story)


class Played:
    """One life, driven through intake, evaluation, gate, call, record and receipts."""

    def __init__(self, world: World, name: str, life: Life) -> None:
        self.world = world
        world.start_again()
        world.use(f"lives-{name}", **CHANGED[name])
        self.life = replace(life, policy=world.resources.book.active)
        world.sms.script = world.email.script = self._answer
        world.sms.sent.clear()
        world.email.sent.clear()
        self.told = list(life.told)
        self.receipts: list[tuple[datetime, str, str, str]] = []
        self.worked: list[datetime] = []
        self.calls = 0
        self.ended: dict[str, str] = {}

    def _answer(self, message: Message) -> Outcome:
        self.calls += 1
        fate = self.life.fates[self.calls % len(self.life.fates)]
        channel = "email" if "@" in message.address else "sms"
        for after, status in fate.receipts:
            at = self.world.clock.now() + after
            self.receipts.append((at, message.idempotency_key, status, channel))
        return OUTCOMES[fate.answer]

    def run(self) -> Trace:
        while True:
            ahead = [each.heard_at for each in self.told[:1]]
            ahead += [receipt[0] for receipt in self.receipts]
            woken = self.world.next_wake_up()
            wanted = min([*ahead, woken] if woken is not None else ahead, default=None)
            if wanted is None or wanted > self.life.ends_at:
                return self.trace()
            now = max(self.life.rhythm.first_from(wanted), self.world.clock.now())
            self.world.clock.set(now)
            self._work(now)

    def _work(self, now: datetime) -> None:
        self.worked.append(now)
        heard = [each for each in self.told if each.heard_at <= now]
        self.told = self.told[len(heard) :]
        bodies = [json.dumps(each.envelope()).encode() for each in heard]
        if bodies:
            self.world.take(*bodies)
        due = [each for each in self.receipts if each[0] <= now]
        self.receipts = [each for each in self.receipts if each[0] > now]
        for at, attempt, status, channel in due:
            self.world.receipt(attempt, status, at=at, channel=channel)
        self.world.evaluate()
        self.world.deliver()
        self._stays_ended()

    def _stays_ended(self) -> None:
        """I5: what has ended stays as it ended."""
        rows = self.world.rows(
            "SELECT reminder_id::text, state || ' ' || reason FROM reminder"
            " WHERE state NOT IN ('planned', 'contacting')"
        )
        now = dict(rows)
        assert {key: now.get(key) for key in self.ended} == self.ended
        self.ended = now

    def trace(self) -> Trace:
        trace = Trace(self.life, worked=self.worked)
        reminders: list[Any] = self.world.rows(  # Any: columns
            "SELECT bill_id, stage, epoch, kind, due_at, expires_at, flag, state, reason,"
            " reminder_id FROM reminder"
        )
        keys: dict[object, tuple[Key, Any]] = {}
        for bill, stage, epoch, kind, due_at, expires_at, flag, state, reason, number in reminders:
            key = Key("C-1", bill, stage, epoch)
            keys[number] = key, kind
            trace.planned[key] = Planned(kind, due_at, expires_at, flag, self.life.ends_at)
            if state not in ("planned", "contacting"):
                trace.ended.append(Ended(key, state, reason, self.life.ends_at))
        attempts = self.world.rows(
            # What a message carries has the state of that message.
            "SELECT a.reminder_id, a.channel, a.number, a.amount, a.submitted_at, a.contact_key,"
            " a.leader_id, coalesce(l.state, a.state) FROM attempt a"
            " LEFT JOIN attempt l ON l.attempt_id = a.leader_id"
            " ORDER BY a.submitted_at, a.number, a.leader_id NULLS FIRST"
        )
        for number, channel, tries, amount, at, point, leader, state in attempts:
            key, kind = keys[number]
            left = state not in ("failed", "released")
            trace.handed.append(
                HandOff(
                    *(key, kind, channel, tries, amount, at, bytes(point or b"").hex()),
                    leads=leader is None,
                    left=left,
                    answer=Answer.ACCEPTED,
                )
            )
        return trace

    def calls_made(self) -> list[str]:
        sent = [*self.world.sms.sent, *self.world.email.sent]
        return sorted(each.message.idempotency_key for each in sent)


# Not shrunk: a second or two a life. The same life without a ledger shrinks in no time.
@settings(PROFILE, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(story=stories)
def test_every_life_keeps_the_rules_on_a_real_ledger(world: World, story: tuple[str, Life]) -> None:
    played = Played(world, *story)
    trace = played.run()
    assert [wrong for checker in KEPT for wrong in checker(trace)] == []
    led = world.rows(
        "SELECT attempt_id::text FROM attempt WHERE channel <> 'in_app' AND leader_id IS NULL"
    )
    assert played.calls_made() == sorted(row[0] for row in led)  # I6: one call an attempt, no other
    assert world.dead() == []
