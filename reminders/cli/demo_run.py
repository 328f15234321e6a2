"""One demo from start to verdict: play, count, audit."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from celery import Celery
from sqlalchemy import Connection, Engine

from config.celery import Queue, celery_settings
from config.settings import Settings, settings_from
from reminders.cli.demo_driver import Driver, Played
from reminders.cli.demo_system import Running, demo_system
from reminders.domain.reminder import OPEN, TERMINAL, ReminderState
from reminders.ledger import policies
from reminders.ledger.schema import engine_for
from reminders.ledger.tally import Tally, bills_of_attempts, tally
from reminders.services.demo import more_channels
from reminders.services.demo.auditor import Inputs, audit
from reminders.services.demo.auditor.audit import ATTEMPTS, CARRIERS
from reminders.services.demo.more_channels import Receivers
from reminders.services.demo.portfolio import Portfolio
from reminders.services.demo.recorded import POLICY, write_holidays
from reminders.services.demo.schedule import schedule
from reminders.services.demo.statements import PRODUCT
from reminders.services.demo.summary import Summary, SystemCounts, summary, verdict
from reminders.services.policy_files import parse

SEED = 1
LOGS = ("sms", "email", "phone")


@dataclass(frozen=True)
class Plan:
    """What a demo is asked to do. `readers`: the share that opens its inbox on an evening."""

    portfolio: Portfolio
    folder: Path
    run: Path
    workers: int = 2
    readers: float = 0.1
    seed: int = SEED
    receivers: Receivers | None = None  # with every channel: where customers' systems listen


@dataclass(frozen=True)
class Done:
    """What came out: `demo.json`'s content, and why the demo failed, if it did."""

    told: Summary
    failures: list[str]
    peak_mb: float


Hook = Callable[[Running, Played], None]


def run_demo(plan: Plan, hook: Hook, show: Callable[[Played], None]) -> Done:
    """Play the portfolio on a system of its own, then let the auditor judge it.

    `hook` is called after every step of the clock, with the running system: a test breaks
    something there. The recorded run is left in `plan.run` for `make audit-selftest`.
    """
    began = time.monotonic()
    memory = Memory()
    start = plan.portfolio.events[0].at.replace(minute=0, second=0, microsecond=0)
    start -= timedelta(hours=1)
    plan.run.mkdir(parents=True, exist_ok=True)
    with demo_system(
        plan.folder,
        start,
        workers=plan.workers,
        seed=plan.seed,
        receivers=plan.receivers,
    ) as running:
        settings = settings_from(running.env)
        engine = engine_for(settings.sqlalchemy_url, role="demo")
        try:
            played = _play(plan, running, settings, engine, hook, _both(show, memory.look))
            with engine.connect() as connection:
                counted = tally(connection)
                _keep_holidays(connection, plan.run)
                _keep_bills(connection, plan.run)
        finally:
            engine.dispose()
        _keep_logs(running.logs, plan)
    (plan.run / POLICY).write_text(settings.policy_file.name, encoding="utf-8")
    inputs = Inputs.of(plan.run, settings.policy_file, settings.gate_to_call_max_s)
    judged = audit(inputs, _unaccounted(counted))
    told = summary(
        plan.portfolio, _counts(counted, played), judged, round(time.monotonic() - began, 1)
    )
    told["peak_mb"] = round(memory.peak_mb)
    return Done(told, [*_missing(told, plan, counted), *verdict(told)], memory.peak_mb)


def _play(
    plan: Plan,
    running: Running,
    settings: Settings,
    engine: Engine,
    hook: Hook,
    show: Callable[[Played], None],
) -> Played:
    tasks = Celery("reminders-demo", set_as_current=False)
    tasks.conf.update(celery_settings(settings))
    with (
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        (plan.run / "published.jsonl").open("wb") as published,
        (plan.run / "fenced.jsonl").open("wb") as fenced,
    ):
        driver = Driver(
            running=running,
            connection=connection,
            tasks=tasks,
            queues=tuple(queue.value for queue in Queue),
            customers=plan.portfolio.customers,
            slots=schedule(plan.portfolio, plan.seed),
            published=published,
            fenced=fenced,
            readers=plan.readers,
            hook=lambda played: hook(running, played),
            show=show,
        )
        return driver.play()


def _keep_holidays(connection: Connection, run: Path) -> None:
    """The days that the policy in force was frozen with: the auditor is told no other."""
    for name, version in policies.versions(connection):
        body = policies.body(connection, name, version)
        if body is not None:
            write_holidays(parse(body), run)


def _keep_bills(connection: Connection, run: Path) -> None:
    """Whose bill each message was about: a call and a chat name none in their words."""
    with (run / ATTEMPTS).open("w", encoding="utf-8") as file:
        for attempt_id, bill in bills_of_attempts(connection):
            file.write(json.dumps({"attempt": str(attempt_id), "bill": bill}) + "\n")


def _keep_logs(logs: Path, plan: Plan) -> None:
    """The carriers' logs, and of which channel each is. Those of an earlier run go."""
    more = more_channels.LINES if plan.receivers is not None else ()
    for name in (*LOGS, *(line.name for line in more)):
        source = logs / f"{name}.jsonl"
        if source.exists():
            shutil.copyfile(source, plan.run / source.name)
    index = {line.name: line.channel for line in more}
    (plan.run / CARRIERS).write_text(json.dumps(index), encoding="utf-8")


def _unaccounted(counted: Tally) -> int:
    """Reminders in no known state, and ends that a reminder did not keep."""
    known = {state.value for state in ReminderState}
    strange = sum(count for state, count in counted.by["states"].items() if state not in known)
    return strange + counted.one["unaccounted"]


def _counts(counted: Tally, played: Played) -> SystemCounts:
    by, one = counted.by, counted.one
    dead = sum(count for fault, count in by["dead"].items() if fault in {"malformed", "refused"})
    conflicts = by["dead"].get("conflict", 0)
    states = by["states"]
    return SystemCounts(
        published=played.published,
        ingested=one["ingested"],
        duplicates=played.published - one["ingested"] - conflicts - dead,
        conflicts=conflicts,
        dead=dead,
        tiers=by["tiers"],
        planned=sum(states.values()),
        ended={state: count for state, count in states.items() if state in TERMINAL},
        open=sum(count for state, count in states.items() if state in OPEN),
        suppressed_by=by["suppressed"],
        cancelled_by=by["cancelled"],
        attempts=by["attempts"],
        escalations_failed=by["causes"].get("failed", 0),
        escalations_unconfirmed=by["causes"].get("unconfirmed", 0),
        uncertain=one["uncertain"],
        double_contacts=one["double_contacts"],
        messages=by["messages"],
        flagged=by["flagged"],
        decisions=counted.pairs["decisions"],
        caps=counted.pairs["caps"],
        providers=counted.pairs["providers"],
    )


def _missing(told: Summary, plan: Plan, counted: Tally) -> list[str]:
    """The ledger must hold every bill and payment of the source, to the last cent."""
    bills = counted.bills.get(PRODUCT, (0, 0))
    paid = [counted.payments.get(product, (0, 0)) for product in (PRODUCT, "")]
    payments = (sum(each[0] for each in paid), sum(each[1] for each in paid))
    own = plan.portfolio.own
    told["bills"], told["amounts"]["bills_minor"] = bills
    told["payments"], told["amounts"]["payments_minor"] = payments
    failures = []
    if bills != (own.bills, own.bills_minor):
        failures.append(f"the ledger holds bills {bills}, the source {own.bills, own.bills_minor}")
    if payments != (own.payments, own.payments_minor):
        failures.append(
            f"the ledger holds payments {payments}, the source {own.payments, own.payments_minor}"
        )
    return failures


class Memory:
    """The peak of the whole process tree's memory (proportional shares), looked at now and then.

    A look takes a tenth of a second, in which the clock stands.
    """

    def __init__(self, every_s: float = 10.0) -> None:
        self.peak_mb = 0.0
        self._every_s = every_s
        self._next = 0.0

    def look(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._every_s
        me = psutil.Process()
        total = sum(_memory(process) for process in (me, *me.children(recursive=True)))
        self.peak_mb = max(self.peak_mb, total / 1e6)


def _memory(process: psutil.Process) -> float:
    """Shared pages are counted once over the tree: PostgreSQL's buffers are in every backend."""
    try:
        return float(process.memory_full_info().pss)
    except (psutil.Error, AttributeError):
        return 0.0


def _both(show: Callable[[Played], None], look: Callable[[], None]) -> Callable[[Played], None]:
    def call(played: Played) -> None:
        show(played)
        look()

    return call
