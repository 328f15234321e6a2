"""A task's states: who may do what with it, and what stands in the way (S3.4, S4.20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.domain.errors import IllegalTransition
from reminders.domain.human_task import (
    PENDING,
    TASK_TRANSITIONS,
    Task,
    TaskAct,
    TaskKind,
    TaskState,
    after,
)

NOW = datetime(2026, 3, 25, 8, 0, tzinfo=UTC)
TASK = Task(
    UUID(int=1),
    7,
    "C-7",
    TaskKind.REMINDER,
    "B-1",
    None,
    TaskState.OPEN,
    "",
    NOW + timedelta(hours=4),
    NOW,
)


def test_one_takes_it_and_the_other_hears_who_has_it() -> None:
    assert after(TASK, TaskAct.TAKE, "lin", NOW) is TaskState.TAKEN
    taken = replace(TASK, state=TaskState.TAKEN, owner="lin")
    with pytest.raises(IllegalTransition, match="is taken by lin"):
        after(taken, TaskAct.TAKE, "wang", NOW)
    with pytest.raises(IllegalTransition, match="is taken by lin"):
        after(taken, TaskAct.DO, "wang", NOW)
    assert after(taken, TaskAct.DO, "lin", NOW) is TaskState.DONE


def test_only_its_owner_gives_it_back_until_it_is_overdue() -> None:
    taken = replace(TASK, state=TaskState.TAKEN, owner="lin")
    assert after(taken, TaskAct.GIVE_BACK, "lin", NOW) is TaskState.OPEN
    with pytest.raises(IllegalTransition, match="lin"):
        after(taken, TaskAct.GIVE_BACK, "wang", NOW)
    late = taken.due_at + timedelta(seconds=1)
    assert after(taken, TaskAct.GIVE_BACK, "wang", late) is TaskState.OPEN


@given(
    st.lists(st.tuples(st.sampled_from(TaskAct), st.sampled_from(["lin", "wang"])), max_size=12),
    st.integers(-10, 10),
)
def test_what_has_ended_stays_ended(acts: list[tuple[TaskAct, str]], hours: int) -> None:
    task, now = TASK, NOW + timedelta(hours=hours)
    for act, actor in acts:
        before = task.state
        try:
            state = after(task, act, actor, now)
        except IllegalTransition:
            continue
        assert before in PENDING
        task = replace(task, state=state, owner="" if state is TaskState.OPEN else actor)
        assert (task.owner == "") is (task.state is TaskState.OPEN)


def test_the_table_names_every_state() -> None:
    assert set(TASK_TRANSITIONS) == set(TaskState)
    assert {state for state in TaskState if TASK_TRANSITIONS[state]} == set(PENDING)
