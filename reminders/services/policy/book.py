"""The policies in force, and every version that a plan was frozen with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, QueuePool

from reminders.domain.errors import PolicyError
from reminders.domain.policy import Policy
from reminders.ledger import policies
from reminders.ledger.policies import Act, Activation
from reminders.services.clock import Clock, ClockNotSet
from reminders.services.policy.bundle import Sources, parse, sources_of
from reminders.services.policy.files import gather, whole
from reminders.services.policy.force import in_force

log = structlog.get_logger(__name__)

_READ_S = 0.1  # how long a reading of the business clock is kept, for `active`
REFRESH_S = 2.0  # of machine time: how late a running worker sees an activation
EVER = datetime(1970, 1, 1, tzinfo=UTC)
SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What is in force from `starts_at` until `until`, the narrowest and newest first."""

    starts_at: datetime
    until: datetime
    policies: tuple[Policy, ...]
    chosen: dict[tuple[str, str, str], Policy] = field(default_factory=dict)

    def policy(self, product: str, currency: str, jurisdiction: str) -> Policy:
        key = (product, currency, jurisdiction)
        if key not in self.chosen:
            covering = (each for each in self.policies if each.applies_to.covers(*key))
            self.chosen[key] = next(covering, self.policies[-1])
        return self.chosen[key]


class PolicyBook:
    """The policies in force by the acts in the ledger, looked at again every `REFRESH_S`.

    A ledger in which nothing was ever activated starts with the settings' policy.
    """

    def __init__(
        self, engine: Engine, settled: Policy, text: str, clock: Clock | None = None
    ) -> None:
        with engine.begin() as connection:
            held = policies.body(connection, settled.name, settled.version)
            if held is not None and sources_of(held) != sources_of(text):
                raise policies.other_text(settled.name, settled.version)
            if held is not None and held != text:  # the label keeps the holidays it had
                settled = parse(held)
            self._acts = _started(connection, settled, text)
        self._engine = engine
        self._clock = clock
        self._settled = settled
        self._known = {settled.label: settled}
        self._looked_at = self._read_at = time.monotonic()
        self._last_read = self._read()
        self._ruling = self._ruling_at(self._last_read)

    def get(self, label: str) -> Policy:
        """The policy called name@version. Raises `PolicyError` if nobody ever froze it."""
        if label not in self._known:
            name, _, version = label.rpartition("@")
            with self._reading() as connection:
                text = policies.body(connection, name, int(version))
            if text is None:
                raise PolicyError(f"policy {label} is in no ledger")
            self._known[label] = parse(text)
        return self._known[label]

    @property
    def active(self) -> Policy:
        """The widest policy in force now: the one for a bill that no other is for."""
        if time.monotonic() - self._read_at >= _READ_S:
            self._last_read, self._read_at = self._read(), time.monotonic()
        return self._at(self._last_read).policies[-1]

    def choose(self, now: datetime, product: str, currency: str, jurisdiction: str) -> Policy:
        """The policy in force at `now` for such a bill: the narrowest that covers it, of equally
        narrow ones the newest; if none covers it, the widest."""
        return self._at(now).policy(product, currency, jurisdiction)

    def refresh(self) -> None:
        """Look at the acts in the ledger again, now."""
        with self._engine.begin() as connection:
            acts = policies.activations(connection)
        self._looked_at = time.monotonic()
        if acts != self._acts:
            self._acts = acts
            self._ruling = self._ruling_at(self._ruling.starts_at)
            for act in acts:  # at hand before they start: their start may find no connection free
                if act.starts_at > self._ruling.starts_at:
                    self.get(act.label)

    def _at(self, now: datetime) -> _Ruling:
        if time.monotonic() - self._looked_at >= REFRESH_S and self._can_look():
            self.refresh()
        if not self._ruling.starts_at <= now < self._ruling.until:
            self._ruling = self._ruling_at(now)
        return self._ruling

    def _can_look(self) -> bool:
        """False while the caller holds the only connection: waiting for one would not end."""
        pool = self._engine.pool
        return not isinstance(pool, QueuePool) or pool.checkedout() < pool.size()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection of the pool, or one aside while the caller holds all of them."""
        if self._can_look():
            with self._engine.connect() as connection:
                yield connection
            return
        aside = Engine(self._engine.pool.recreate(), self._engine.dialect, self._engine.url)
        try:
            with aside.connect() as connection:
                yield connection
        finally:
            aside.dispose()

    def _read(self) -> datetime:
        try:
            return datetime.now(UTC) if self._clock is None else self._clock.now()
        except ClockNotSet:
            return EVER

    def _ruling_at(self, now: datetime) -> _Ruling:
        starts = sorted({act.starts_at for act in self._acts})
        since = max((at for at in starts if at <= now), default=datetime.min.replace(tzinfo=UTC))
        until = min((at for at in starts if at > now), default=datetime.max.replace(tzinfo=UTC))
        return _Ruling(since, until, self._ordered(in_force(self._acts, now)))

    def _ordered(self, ruling: Mapping[str, Activation]) -> tuple[Policy, ...]:
        if not ruling:
            return (self._settled,)
        acts = sorted(ruling.values(), key=lambda act: (act.starts_at, act.number), reverse=True)
        found = [self.get(act.label) for act in acts]
        return tuple(sorted(found, key=lambda each: -each.applies_to.narrowness))


def open_book(engine: Engine, path: Path, clock: Clock | None = None) -> PolicyBook:
    """The book of a ledger, with the settings' policy. Holidays are worked out for a new label
    only, since the libraries for them take long. Raises `PolicyError` and `LedgerError`."""
    sources = gather(path)
    given = sources.shape()
    with engine.connect() as connection:
        held = policies.body(connection, given.name, given.version)
    policy, text = _frozen(held, sources)
    book = PolicyBook(engine, policy, text, clock)
    ruling = book.active
    if ruling.label != policy.label and ruling.name == policy.name:
        log.warning(
            "the settings' policy is not the one in force",
            settings=policy.label,
            in_force=ruling.label,
            activate=f"reminders policy activate {path}",
        )
    return book


def _frozen(held: str | None, sources: Sources) -> tuple[Policy, str]:
    if held is not None and sources_of(held) == sources:
        return parse(held), held
    return whole(sources)


def _started(connection: Connection, settled: Policy, text: str) -> list[Activation]:
    """Every act; the first of all is ours. A draft that is not in force is not frozen: it may
    still change."""
    acts = policies.activations(connection)
    if acts:
        return acts
    policies.lock(connection)
    if not policies.activations(connection):  # nobody was faster
        if policies.body(connection, settled.name, settled.version) is None:
            policies.freeze(connection, settled.name, settled.version, text)
        policies.record(
            connection,
            settled.name,
            settled.version,
            EVER,
            Act.START,
            actor=SETTINGS,
            reason="the first policy of this ledger",
        )
    return policies.activations(connection)
