"""Plays every customer of a source, in one process or several, to one and the same result."""

from __future__ import annotations

import os
import resource
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from multiprocessing import get_context

from reminders.compiled.spawned import packed
from reminders.domain.policy import Policy
from reminders.services import memory
from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.fates import Model
from reminders.services.simulate.people import Chunk, Heard, Source
from reminders.services.simulate.play import Play, Setting
from reminders.services.simulate.tally import Tally
from reminders.services.simulate.timeline import ALWAYS, Window

LISTED = 100  # customers named as newly or no longer reached
_AHEAD = 3  # chunks handed out per process before the first must be back: memory stays flat


@dataclass(slots=True)
class Changed:
    """Customers whom the candidate treats otherwise than the live policy; few are named."""

    newly: int = 0
    no_longer: int = 0
    more: int = 0
    fewer: int = 0
    newly_refs: list[str] = field(default_factory=list)
    no_longer_refs: list[str] = field(default_factory=list)

    def see(self, ref: str, candidate: int, live: int) -> None:
        """Compare the messages of one customer."""
        self.more += candidate > live
        self.fewer += candidate < live
        if candidate and not live:
            self.newly += 1
            _name(self.newly_refs, ref)
        elif live and not candidate:
            self.no_longer += 1
            _name(self.no_longer_refs, ref)

    def add(self, other: Changed) -> None:
        self.newly += other.newly
        self.no_longer += other.no_longer
        self.more += other.more
        self.fewer += other.fewer
        for ref in other.newly_refs:
            _name(self.newly_refs, ref)
        for ref in other.no_longer_refs:
            _name(self.no_longer_refs, ref)


def _name(refs: list[str], ref: str) -> None:
    if len(refs) < LISTED:
        refs.append(ref)


@dataclass(slots=True)
class Result:
    """What came of a run: one tally and one hash per policy, the candidate first."""

    policies: tuple[Policy, ...]
    model: Model
    source: str
    tallies: list[Tally]
    hashes: list[str]
    changed: Changed
    heard: Heard
    events: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_memory_mb: float = 0.0
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one chunk."""

    tallies: tuple[Tally, ...]
    digests: tuple[bytes, ...]  # per policy: those of its customers, one after the other
    changed: Changed
    events: int
    cpu_s: float
    pid: int
    peak_kb: int


class _Worker:
    """One process's settings: sent once, since what is derived from a policy is kept by it."""

    settings: tuple[Setting, ...] = ()


def _begin(settings: tuple[Setting, ...]) -> None:
    _Worker.settings = settings
    memory.settle(collect=False)


def _play_here(chunk: Chunk) -> Part:
    return play_chunk(chunk, _Worker.settings)


def play_chunk(chunk: Chunk, settings: tuple[Setting, ...]) -> Part:
    """Play some customers under every policy."""
    began = time.process_time()
    tallies = tuple(Tally() for _ in settings)
    digests = [bytearray() for _ in settings]
    changed = Changed()
    events = 0
    for ref, facts in chunk.people():
        events += len(facts)
        messages = []
        for setting, tally, digest in zip(settings, tallies, digests, strict=True):
            played = Play(ref, facts, setting, tally).run()
            digest += played.digest
            messages.append(played.messages)
        if len(messages) > 1:
            changed.see(ref, messages[0], messages[1])
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Part(tallies, tuple(map(bytes, digests)), changed, events, spent, os.getpid(), peak)


def simulate(
    source: Source,
    policies: tuple[Policy, ...],
    model: Model,
    window: Window | None = None,
    processes: int = 1,
    show: Callable[[int, int | None], None] = lambda done, total: None,
) -> Result:
    """Play `policies` (the candidate, then perhaps the live one) over every customer of `source`.

    The result does not depend on `processes`. `show` is told how many customers are done, of how
    many. Raises `BadInput` if the model says nothing of a channel, or the source is unusable.
    """
    for policy in policies:
        _check(policy, model)
    settings = tuple(Setting(policy, model, window or ALWAYS) for policy in policies)
    began, cpu_began = time.monotonic(), time.process_time()
    result = empty(policies, model, source.name, processes)
    collected = Collected(result)
    apart = 0.0
    for part in _parts(source, settings, processes):
        collected.take(part)
        apart += 0.0 if part.pid == os.getpid() else part.cpu_s
        show(result.tallies[0].customers, source.total)
    result.heard = source.heard
    collected.close(time.monotonic() - began, apart + time.process_time() - cpu_began)
    return result


def empty(policies: tuple[Policy, ...], model: Model, source: str, processes: int = 1) -> Result:
    """A result before anything was played."""
    tallies = [Tally() for _ in policies]
    return Result(policies, model, source, tallies, [], Changed(), Heard(), processes=processes)


class Collected:
    """Puts parts together, in the order of their customers."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._hashes = [blake2b(digest_size=16) for _ in result.policies]
        self._peaks: dict[int, int] = {}

    def take(self, part: Part) -> None:
        """The next chunk."""
        for mine, theirs in zip(self._result.tallies, part.tallies, strict=True):
            mine.add(theirs)
        for whole, digests in zip(self._hashes, part.digests, strict=True):
            whole.update(digests)
        self._result.changed.add(part.changed)
        self._result.events += part.events
        self._peaks[part.pid] = part.peak_kb

    def add(self, ref: str, digests: Sequence[bytes], messages: Sequence[int]) -> None:
        """The next customer, who was counted into the result's own tallies."""
        for whole, digest in zip(self._hashes, digests, strict=True):
            whole.update(digest)
        if len(messages) > 1:
            self._result.changed.see(ref, messages[0], messages[1])

    def close(self, seconds: float, cpu_s: float) -> None:
        """Everything is played."""
        self._peaks[os.getpid()] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self._result.hashes = [each.hexdigest() for each in self._hashes]
        self._result.seconds, self._result.cpu_s = seconds, cpu_s
        self._result.peak_memory_mb = sum(self._peaks.values()) / 1024


def _check(policy: Policy, model: Model) -> None:
    for ladder in policy.ladders.values():
        for rung in ladder:
            if rung.channel not in model.channels:
                raise BadInput(f"model {model.label} says nothing of channel {rung.channel}")


def _parts(source: Source, settings: tuple[Setting, ...], processes: int) -> Iterator[Part]:
    """The parts in the order of their chunks, whoever plays them."""
    if processes == 1:
        for chunk in source.chunks():
            yield play_chunk(chunk, settings)
        return
    begin, given = packed(_begin, settings)
    with ProcessPoolExecutor(processes, get_context("spawn"), begin, given) as pool:
        waiting: deque[Future[Part]] = deque()
        for chunk in source.chunks():
            waiting.append(pool.submit(_play_here, chunk))
            if len(waiting) > _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
