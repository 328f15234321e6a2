"""A whole system in one process: a real ledger, a clock of our own, channels in memory.

Weeks pass in milliseconds. The steps of sending (claim, gate, call, record) can be driven one by
one, so that anything may happen between any two of them.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import fakeredis
import yaml
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, text

from channels.contract import (
    Answer,
    Capabilities,
    Channel,
    Confirms,
    Message,
    Post,
    Told,
    WhenUncertain,
)
from channels.fleet import Fleet
from channels.in_app import InAppChannel, InAppSettings
from channels.pacing import Grant
from channels.receipts import Entry, instant_of, read_receipts, reference_of, text_of
from reminders.domain.bill import BillPosition
from reminders.domain.identity import customer_id
from reminders.domain.outcome import Accepted, Inbound, Outcome, Receipt, ReceiptStatus
from reminders.domain.policy import Policy
from reminders.ledger import facts, locks, reminders, schema
from reminders.ledger.cipher import KeyRing
from reminders.ledger.facts import Facts
from reminders.ledger.reminders import Kept
from reminders.messages.templates import TemplateSet
from reminders.services import policy_files, receipts
from reminders.services.callbacks import Callback
from reminders.services.deliver import deliver
from reminders.services.evaluate import evaluate
from reminders.services.gate import gate
from reminders.services.gate_work import Passed
from reminders.services.hearing import Applied
from reminders.services.intake import Incoming, Taken, ingest
from reminders.services.record import Result, record
from reminders.services.resources import Limits, PolicyBook, Resources

CONFIG = Path(policy_files.__file__).parents[2] / "config"
DEFAULT_POLICY = CONFIG / "policies" / "default.yaml"
START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)  # 10:00 in Taipei
INBOX_KEY = "0123456789abcdef"
LANES = ("sms", "email", "in_app")
LEASE = timedelta(seconds=60)
# Few examples at every commit; SCENARIO_EXAMPLES=2000 at night.
PROFILE = settings(
    max_examples=int(os.environ.get("SCENARIO_EXAMPLES", "25")),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


class StoryClock:
    """Business time that moves only when a story moves it."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        self._now = now


@dataclass(frozen=True, slots=True)
class Sent:
    """One call that began: to whom, when in business time."""

    message: Message
    at: datetime


Script = Callable[[Message], Outcome]


# Read once for all stories: neither ever changes.


@cache
def _templates() -> TemplateSet:
    return TemplateSet.load(CONFIG / "templates")


@cache
def _policy(written: str, packs_folder: Path) -> tuple[Policy, str]:
    """The policy of this YAML, and its frozen text."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "policy.yaml"
        path.write_text(written)
        return policy_files.read(path, packs_folder, CONFIG / "cards")


class MemoryChannel:
    """A provider in memory: answers by script, remembers every call."""

    def __init__(self, name: str, clock: StoryClock, when_uncertain: WhenUncertain) -> None:
        self.name = f"memory-{name}"
        self.capabilities = Capabilities(
            channel=name,
            confirms=Confirms.DELIVERED,
            idempotent=True,
            when_uncertain=when_uncertain,
            rate_per_s=1_000_000,
            concurrency=1000,
            timeout=timedelta(seconds=1),  # longer than a busy machine looks away
        )
        self.sent: list[Sent] = []
        self.script: Script = lambda message: Accepted(f"ref-{message.idempotency_key[-8:]}")
        self.answers: Callable[[str], Outcome | None] = Accepted
        self.asked: list[str] = []
        self._clock = clock

    async def send(self, message: Message) -> Outcome:
        self.sent.append(Sent(message, self._clock.now()))
        return self.script(message)

    async def ask(self, idempotency_key: str) -> Outcome | None:
        self.asked.append(idempotency_key)
        return self.answers(idempotency_key)

    def hear(self, post: Post) -> Told:
        """Receipts by our reference or else by `id`; what has a `from` was written to us."""
        said = json.loads(post.body)
        entries = said if isinstance(said, list) else [said]
        written = [
            Inbound(
                *(each["from"], each["text"], instant_of(each)),
                *(each.get("id", ""), each.get("attempt", "")),
            )
            for each in entries
            if "from" in each
        ]
        rest = json.dumps([each for each in entries if "from" not in each]).encode()
        return Told(read_receipts(rest, _receipt) if rest != b"[]" else (), written)

    def verify(self, post: Post) -> bool:
        return True

    def answer(self) -> Answer:
        return Answer()

    async def close(self) -> None:
        return None


def _receipt(entry: Entry) -> Receipt:
    return Receipt(
        reference_of(entry) if "reference" in entry else "",
        ReceiptStatus(text_of(entry, "status")),
        instant_of(entry),
        provider_ref=text_of(entry, "id"),
        reason=text_of(entry, "reason"),
        dead_contact=bool(entry.get("dead_contact")),
        address=text_of(entry, "to"),
        submitted_at=instant_of({"at": entry["submitted"]}) if "submitted" in entry else None,
    )


@dataclass
class Free:
    """Pacing that grants everything."""

    def take(self, key: str, rate_per_s: float, burst: int, wanted: int) -> Grant:
        return Grant(wanted, timedelta(0))

    def hold(self, key: str, for_: timedelta) -> None:
        return None


class World:
    """One story: `with World(engine) as world`. Leaving it closes what it opened."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.clock = StoryClock()
        self._redis = fakeredis.FakeRedis()
        self._loop = asyncio.new_event_loop()
        self._numbers = count(1)
        self.start_again()
        policy, self.policy_text = _policy(DEFAULT_POLICY.read_text(), CONFIG / "packs")
        self.sms = MemoryChannel("sms", self.clock, WhenUncertain.ASK)
        self.email = MemoryChannel("email", self.clock, WhenUncertain.WAIT)
        in_app = InAppChannel(InAppSettings(receipts_secret=INBOX_KEY))
        self.resources = Resources(
            engine=engine,
            redis=self._redis,
            ring=KeyRing({"k1": bytes(32)}, b"hash"),
            clock=self.clock,
            book=PolicyBook(engine, policy, self.policy_text),
            templates=_templates(),
            fleet=Fleet((self.sms, self.email, in_app), Free()),
            lender="Example Credit",
            pay_url="https://pay.example.com",
            limits=Limits(lease=LEASE, gate_to_call_max=timedelta(seconds=5)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.close()
        self._redis.close()

    def start_again(self) -> None:
        """The same system with empty tables, its clock at the start of the story."""
        empty(self.engine)
        with self.engine.begin() as connection:
            schema.ensure_partitions(connection, START)
        self.clock.set(START)

    def use(
        self,
        name: str,
        *,
        packs_folder: Path = CONFIG / "packs",
        **changed: Any,  # Any: YAML
    ) -> None:
        """Rule by the default policy under another name, with these parts of it changed."""
        raw = yaml.safe_load(DEFAULT_POLICY.read_text()) | changed | {"name": name}
        policy, text_of = _policy(yaml.safe_dump(raw), packs_folder)
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("DELETE FROM policy_activation"))
        self.resources = replace(self.resources, book=PolicyBook(self.engine, policy, text_of))

    def add(self, provider: Channel) -> None:
        """One more provider beside those that are there."""
        fleet = Fleet((*self.resources.fleet.by_name.values(), provider), Free())
        self.resources = replace(self.resources, fleet=fleet)

    # Events in.

    def event(
        self,
        kind: str,
        data: Mapping[str, Any],  # Any: JSON
        *,
        who: str = "C-1",
        event_id: str = "",
        at: datetime | None = None,
    ) -> bytes:
        """One event as a billing system would publish it."""
        envelope = {
            "specversion": "1.0",
            "id": event_id or f"evt-{next(self._numbers):06}",
            "source": "/story",
            "type": kind,
            "time": (at or self.clock.now()).isoformat(),
            "data": {"customer_id": who, **data},
        }
        return json.dumps(envelope).encode()

    def take(self, *bodies: bytes) -> Taken:
        """Ingest these bodies in one batch."""
        return ingest(
            self.resources, [Incoming(f"{n}-0", body, 0.0) for n, body in enumerate(bodies)]
        )

    def tell(self, kind: str, data: Mapping[str, Any], **more: Any) -> Taken:  # Any: JSON
        return self.take(self.event(kind, data, **more))

    def customer(self, who: str = "C-1", **changed: Any) -> None:  # Any: JSON
        """A customer with three contact points in Taipei."""
        number = int(who.rpartition("-")[2])
        self.tell("customer.updated", profile(number) | changed, who=who)

    def bill(self, bill_id: str = "B-1", *, who: str = "C-1", **changed: Any) -> None:  # Any: JSON
        self.tell("bill.issued", bill_data(bill_id) | changed, who=who)

    def pay(self, payment_id: str, amount: int, bill_id: str = "B-1", *, who: str = "C-1") -> None:
        paid_at = self.clock.now().isoformat()
        data = {"payment_id": payment_id, "bill_id": bill_id, "amount_minor": amount}
        self.tell("payment.received", data | {"currency": "TWD", "paid_at": paid_at}, who=who)

    def reverse(self, payment_id: str, *, who: str = "C-1") -> None:
        data = {"payment_id": payment_id, "reversed_at": self.clock.now().isoformat()}
        self.tell("payment.reversed", data, who=who)

    def opt_out(self, channel: str, *, allowed: bool = False, who: str = "C-1") -> None:
        data = {"actor": "customer", "channel": channel, "message_kind": "*", "allowed": allowed}
        self.tell("preference.changed", data, who=who)

    def hold(self, hold_id: str = "H-1", *, who: str = "C-1") -> None:
        data = {"hold_id": hold_id, "kind": "dispute", "from_at": self.clock.now().isoformat()}
        self.tell("hold.placed", data, who=who)

    def lift(self, hold_id: str = "H-1", *, who: str = "C-1") -> None:
        data = {"hold_id": hold_id, "lifted_at": self.clock.now().isoformat()}
        self.tell("hold.lifted", data, who=who)

    # The steps of sending.

    def evaluate(self) -> int:
        return evaluate(self.resources)

    def claim(self, lane: str, size: int = 500) -> list[Kept]:
        return locks.in_transaction(
            self.engine,
            lambda connection: reminders.claim(connection, lane, self.clock.now(), size, LEASE),
        )

    def claim_all(self) -> list[Kept]:
        return [kept for lane in LANES for kept in self.claim(lane)]

    def gate(self, claimed: Sequence[Kept]) -> Passed:
        """The gate; what it sends to another lane passes the gate there at once."""
        passed = gate(self.resources, claimed)
        lanes = {each.reminder.reminder_id: each.lane for each in claimed}
        found = self.claim_all()
        moved = [
            each for each in found if lanes.get(each.reminder.reminder_id, each.lane) != each.lane
        ]
        rest = [each for each in found if each not in moved]
        locks.in_transaction(self.engine, lambda connection: reminders.give_back(connection, rest))
        if moved:
            further = gate(self.resources, moved)
            passed.handovers += further.handovers
            passed.inquiries += further.inquiries
            passed.busy += further.busy
        return passed

    def call(self, passed: Passed) -> list[Result]:
        """Make the calls that the gate let through."""
        results = []
        for handover in passed.handovers:
            provider = self.resources.fleet.by_name[handover.attempt.attempt.provider]
            outcome = self._loop.run_until_complete(provider.send(handover.message))
            results.append(Result(handover.kept, handover.attempt.attempt.attempt_id, outcome))
        return results

    def record(self, results: Sequence[Result]) -> set[str]:
        return record(self.resources, results)

    def deliver(self) -> int:
        """Work off every lane until nothing is due; returns how many were decided on."""
        decided = 0
        while True:
            runs = [deliver(self.resources, lane, self._loop) for lane in LANES]
            done = sum(run.decided for run in runs)
            decided += done
            if not done:
                return decided

    def receipt(
        self, attempt_id: object, status: str, *, at: datetime | None = None, channel: str = "sms"
    ) -> Applied:
        return self.receipts([(attempt_id, status)], at=at, channel=channel)

    def receipts(
        self,
        said: Sequence[tuple[object, str]],
        *,
        at: datetime | None = None,
        channel: str = "sms",
    ) -> Applied:
        moment = (at or self.clock.now()).isoformat()
        body = [{"reference": str(key), "status": status, "at": moment} for key, status in said]
        provider = self.resources.fleet.first(channel)
        assert provider is not None
        callback = Callback("1-0", provider.name, json.dumps(body).encode())
        return receipts.apply(self.resources, [callback])

    def posts(self, *entries: Mapping[str, Any], channel: str = "sms") -> Applied:  # Any: JSON
        """What a channel's provider posts, whatever it says."""
        provider = self.resources.fleet.first(channel)
        assert provider is not None
        at = {"at": self.clock.now().isoformat()}
        body = json.dumps([at | dict(each) for each in entries]).encode()
        return receipts.apply(self.resources, [Callback("1-0", provider.name, body)])

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    # Time.

    def run_until(self, end: datetime, between: Callable[[], None] = lambda: None) -> None:
        """Evaluate and deliver, moving the clock to each next wake-up up to `end`."""
        while True:
            self.evaluate()
            self.deliver()
            between()
            self.evaluate()
            self.deliver()
            following = self.next_wake_up()
            if following is None or following > end:
                break
            self.clock.set(max(following, self.clock.now()))
        self.clock.set(max(end, self.clock.now()))

    def next_wake_up(self) -> datetime | None:
        rows = self.rows(
            "SELECT min(next_at) FROM reminder"
            " WHERE state IN ('planned', 'contacting') AND next_at > :now",
            now=self.clock.now(),
        )
        found: datetime | None = rows[0][0]
        return found

    # What can be seen.

    def rows(self, statement: str, **values: object) -> list[Any]:  # Any: whatever it selects
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), values)]

    def states(self) -> dict[str, str]:
        """`stage epoch` → `state reason` of every reminder."""
        found = self.rows("SELECT stage, epoch, state, reason FROM reminder")
        return {f"{row[0]} {row[1]}": f"{row[2]} {row[3]}".strip() for row in found}

    def attempts(self) -> list[str]:
        """Every attempt in order of time: `channel cause state`."""
        found = self.rows(
            "SELECT channel, cause, state FROM attempt ORDER BY submitted_at, reminder_id, number"
        )
        return [" ".join(row) for row in found]

    def last_attempt(self) -> object:
        return self.rows(
            "SELECT attempt_id FROM attempt ORDER BY submitted_at DESC, number DESC LIMIT 1"
        )[0][0]

    def dead(self) -> list[tuple[str, str]]:
        return [
            (row[0], row[1])
            for row in self.rows("SELECT fault, reason FROM dead_letter ORDER BY reason")
        ]

    def facts(self, who: str = "C-1") -> Facts:
        number = customer_id(who)
        with self.engine.connect() as connection:
            since = self.resources.since(self.clock.now())
            return facts.load(connection, [number], since)[number]

    def position(self, bill_id: str = "B-1", who: str = "C-1") -> BillPosition:
        return self.facts(who).bills[bill_id]


def profile(number: int) -> dict[str, Any]:  # Any: JSON
    """A whole invented customer."""
    return {
        "language": "en",
        "time_zone": "Asia/Taipei",
        "jurisdiction": "TW",
        "contact_points": [
            {"channel": "sms", "address": f"+86161{number:08}"},
            {"channel": "email", "address": f"customer.{number}@example.com"},
            {"channel": "in_app"},
        ],
        "consent": {"sms": True, "email": True, "in_app": True},
        "name": f"Example Person {number}",
    }


def bill_data(bill_id: str = "B-1") -> dict[str, Any]:  # Any: JSON
    """A bill of 1000.00 that is due on the eleventh day of the story."""
    return {
        "bill_id": bill_id,
        "version": 1,
        "currency": "TWD",
        "amount_due_minor": 100_000,
        "minimum_due_minor": 10_000,
        "due_on": date(2026, 3, 11).isoformat(),
        "product": "credit_card",
        "revolving": True,
        "issued_at": START.isoformat(),
    }


def empty(engine: Engine) -> None:
    """Delete every row. Triggers refuse rewriting, not emptying; a few rows go fastest so."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in tables(connection):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  (our own tables)


def tables(connection: Connection) -> list[str]:
    """Every table that is no partition, but for the migrations' own and the policies."""
    return [
        row[0]
        for row in connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace"
                " AND relname NOT IN ('alembic_version', 'policy_version')"
            )
        )
    ]


@contextmanager
def session(engine: Engine) -> Iterator[Connection]:
    """A second session: its own connection and transaction, rolled back at the end."""
    with engine.connect() as connection:
        yield connection
        connection.rollback()
