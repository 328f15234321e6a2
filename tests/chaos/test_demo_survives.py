"""kill -9 of a worker child, a whole worker and beat, and Redis restarts, in mid-demo.

Each run plays the first two months of a small portfolio on real processes; what is killed dies a
few milliseconds into a step of the clock, while events, sends and receipts are under way.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Timer

import psutil
import pytest

from reminders.cli.demo_driver import Played
from reminders.cli.demo_run import Plan, run_demo
from reminders.cli.demo_system import Running
from reminders.services.demo.generated import generated
from reminders.services.demo.portfolio import Portfolio, Totals
from reminders.services.demo.statements import PRODUCT

pytestmark = pytest.mark.alone
CUSTOMERS = 24
DAYS = 56
FIRST_STEP, EVERY, KILLS = 40, 40, 2
DELAYS_S = (0.01, 0.04)

Break = Callable[[Running], None]


def _short(portfolio: Portfolio) -> Portfolio:
    """The portfolio's first weeks, with the totals of what is left."""
    until = portfolio.events[0].at + timedelta(days=DAYS)
    events = [event for event in portfolio.events if event.at < until]
    totals = Totals()
    for event in events:
        kind, data = event.event["type"], event.event["data"]
        if kind == "bill.issued" and data["product"] == PRODUCT:
            totals += Totals(bills=1, bills_minor=data["amount_due_minor"])
        if kind == "payment.received" and not data.get("bill_id", "").startswith("IN"):
            totals += Totals(payments=1, payments_minor=data["amount_minor"])
    return replace(portfolio, events=events, own=totals)


def _kill_child(running: Running) -> None:
    worker = psutil.Process(running.supervisor.pids()["worker"])
    for child in worker.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it ended by itself, and another is there
            child.kill()
            return


def _kill_worker(running: Running) -> None:
    running.supervisor.kill("worker", signal.SIGKILL)


def _kill_beat(running: Running) -> None:
    running.supervisor.kill("beat", signal.SIGKILL)


def _kill_redis(running: Running) -> None:
    running.supervisor.kill("redis", signal.SIGKILL)


def _restart_redis(running: Running) -> None:
    running.supervisor.kill("redis", signal.SIGTERM)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "breaks", [_kill_child, _kill_worker, _kill_beat, _kill_redis, _restart_redis]
)
def test_demo_ends_with_all_checks_zero(breaks: Break, tmp_path: Path) -> None:
    killed: list[Timer] = []

    def hook(running: Running, played: Played) -> None:
        due = FIRST_STEP + EVERY * len(killed)
        if len(killed) < KILLS and played.steps >= due:
            timer = Timer(DELAYS_S[len(killed)], breaks, (running,))
            killed.append(timer)
            timer.start()

    portfolio = _short(generated(CUSTOMERS, seed=3))
    plan = Plan(portfolio, tmp_path / "system", tmp_path / "run", readers=0.05)
    done = run_demo(plan, hook, lambda played: None)
    for timer in killed:
        timer.join()
    assert len(killed) == KILLS, "the run was too short for its kills"
    checks = {**done.told["checks"], **done.told["checks_beyond"]}
    checks.pop("crossed_payment")
    assert checks == dict.fromkeys(checks, 0), done.told["findings"]
    assert done.told["reminders"]["open"] == 0
    assert done.told["bills"] == portfolio.own.bills
    assert done.told["amounts"]["payments_minor"] == portfolio.own.payments_minor
