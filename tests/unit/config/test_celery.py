"""Every task has a queue and an end, beat is in UTC, and nobody counts down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.celery import ROUTES, Queue, celery_settings, schedule
from config.settings import Settings
from reminders.domain.customer import ChannelName

ROOT = Path(__file__).parents[3]
PACKAGES = ("reminders", "workers", "channels", "config", "benchmarks", "tests")
LONGEST_MODULE, LONGEST_TASK = 300, 15
# Tables of cases are long by nature and are read one line at a time.
TESTS_MAY_BE_LONGER = {"tests"}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(
        REDIS_URL="redis://127.0.0.1",
        DATABASE_URL="postgresql://127.0.0.1/x",
        encryption_keys={"k": "00" * 32},
        hash_key="h",
        inbox_key="i",
    )


def modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def tasks() -> dict[str, ast.FunctionDef]:
    """Every Celery task by its name."""
    found: dict[str, ast.FunctionDef] = {}
    for path in modules("workers"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            if path.name == "deliver.py" and node.name == "_task":  # one per lane, made in a loop
                found |= {f"workers.deliver.{lane}": node for lane in ChannelName}
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and "task" in ast.unparse(decorator.func):
                    (name,) = (
                        ast.literal_eval(word.value)
                        for word in decorator.keywords
                        if word.arg == "name"
                    )
                    found[name] = node
    return found


def test_every_task_has_a_queue_and_every_queue_a_task() -> None:
    assert set(tasks()) == set(ROUTES)
    assert set(ROUTES.values()) == set(Queue)


def test_a_task_is_named_after_its_module_and_calls_one_service() -> None:
    for name, node in tasks().items():
        assert name.startswith("workers.")
        length = (node.end_lineno or 0) - node.lineno + 1
        assert length <= LONGEST_TASK, name


def test_beat_sends_only_tasks_that_exist_and_drops_what_is_overtaken(settings: Settings) -> None:
    for entry in schedule(settings).values():
        assert entry["task"] in ROUTES
        assert 0 < entry["options"]["expires"] <= entry["schedule"] or entry["schedule"] < 1
    sent = {entry["task"] for entry in schedule(settings).values()}
    assert sent == set(ROUTES) - {"workers.intake.accept"}


def test_what_survived_restarts_stays_set(settings: Settings) -> None:
    known = celery_settings(settings)
    assert known["timezone"] == "UTC"
    assert known["enable_utc"]
    assert known["result_backend"] is None
    assert known["task_acks_late"]
    assert not known["worker_cancel_long_running_tasks_on_connection_loss"]
    assert "global_keyprefix" not in known["broker_transport_options"]
    assert not known["task_create_missing_queues"]
    assert {queue.name for queue in known["task_queues"]} == {queue.value for queue in Queue}


def test_a_task_ends_before_its_message_is_given_to_another(settings: Settings) -> None:
    known = celery_settings(settings)
    visibility = known["broker_transport_options"]["visibility_timeout"]
    assert known["task_soft_time_limit"] < known["task_time_limit"] < visibility


def test_nobody_counts_down() -> None:
    """A worker's memory is no calendar: what is due later is a time in PostgreSQL."""
    counting = re.compile(
        r"\b(countdown|eta)\s*=|\"(countdown|eta)\"\s*:|autoretry_for|self\.retry\("
    )
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in modules("reminders", "workers", "channels", "config")
        for line in path.read_text(encoding="utf-8").splitlines()
        if counting.search(line)
    ]
    assert found == []


def test_no_module_is_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules(*PACKAGES)
        if "migrations" not in path.parts
        and not TESTS_MAY_BE_LONGER & set(path.relative_to(ROOT).parts[:1])
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_only_entry_points_read_the_environment() -> None:
    allowed = {"config/settings.py"}
    reading = re.compile(r"os\.environ|os\.getenv|\bgetenv\(")
    found = {
        str(path.relative_to(ROOT))
        for path in modules("reminders/domain", "reminders/services", "reminders/ledger")
        if reading.search(path.read_text(encoding="utf-8"))
    }
    assert found - allowed == set()
