"""Opens only what stories are read with: the ledger, its keys, the clock, policies as frozen.

A command that explains must answer at once: no channel, template, queue or policy file is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine

from reminders.domain.errors import PolicyError
from reminders.domain.policy import Policy
from reminders.ledger import policies
from reminders.ledger.cipher import KeyRing
from reminders.ledger.schema import engine_for
from reminders.services.clock import Clock, MachineClock
from reminders.services.policy.bundle import parse
from reminders.services.policy.force import in_force


class Secret(Protocol):
    def get_secret_value(self) -> str: ...


class Options(Protocol):
    """What is read from the settings; `config.settings.Settings` has it all."""

    @property
    def redis_url(self) -> str: ...
    @property
    def sqlalchemy_url(self) -> str: ...
    @property
    def encryption_keys(self) -> Mapping[str, Secret]: ...
    @property
    def hash_key(self) -> Secret: ...
    @property
    def clock(self) -> str: ...
    @property
    def history_days(self) -> int: ...
    @property
    def lender(self) -> str: ...


class FrozenPolicies:
    """Policies as the ledger keeps them; nothing is written and no file is read."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._known: dict[str, Policy] = {}

    def get(self, label: str) -> Policy:
        """The policy called name@version. Raises `PolicyError` if nobody ever froze it."""
        if label not in self._known:
            name, _, version = label.rpartition("@")
            with self._engine.connect() as connection:
                body = policies.body(connection, name, int(version))
            if body is None:
                raise PolicyError(f"policy {label} is in no ledger")
            self._known[label] = parse(body)
        return self._known[label]

    @property
    def active(self) -> Policy:
        """The widest policy in force. Raises `PolicyError` where none ever was."""
        with self._engine.connect() as connection:
            acts = policies.activations(connection)
        ruling = in_force(acts, self._clock.now())
        found = [self.get(act.label) for act in ruling.values()]
        if not found:
            raise PolicyError("no policy is in force: nothing was ever started on this ledger")
        return min(found, key=lambda policy: policy.applies_to.narrowness)


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """What `bill_history` reads with."""

    engine: Engine
    ring: KeyRing
    clock: Clock
    book: FrozenPolicies
    history: timedelta
    lender: str

    def since(self, now: datetime) -> date:
        """Bills due before this day are history."""
        return (now - self.history).date()


@contextmanager
def open_ledger(options: Options) -> Iterator[OpenLedger]:
    """The ledger, opened for reading and closed again."""
    # A story reads while it holds its connection, and a policy beside it.
    engine = engine_for(options.sqlalchemy_url, pool_size=2, role="cli", by_key=True)
    keys = {
        key_id: bytes.fromhex(key.get_secret_value())
        for key_id, key in options.encryption_keys.items()
    }
    ring = KeyRing(keys, options.hash_key.get_secret_value().encode())
    try:
        with _clock(options) as clock:
            book = FrozenPolicies(engine, clock)
            history = timedelta(days=options.history_days)
            yield OpenLedger(engine, ring, clock, book, history, options.lender)
    finally:
        engine.dispose()


@contextmanager
def _clock(options: Options) -> Iterator[Clock]:
    """Redis is asked for a virtual clock alone."""
    if options.clock != "virtual":
        yield MachineClock()
        return
    from redis import Redis  # takes long to import, and a real system does not need it here

    from reminders.services.clock import VirtualClock

    with Redis.from_url(options.redis_url, socket_connect_timeout=5, socket_timeout=5) as client:
        yield VirtualClock(client)
