"""What a data folder remembers is private, whole, and never believed of a dead process."""

import os
import stat
from pathlib import Path

import psutil
import pytest

from reminders.servers import state
from reminders.servers.errors import ServerError


def test_private_files_are_for_their_owner_alone_and_leave_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    state.write_private(path, {"password": "x"})
    state.write_private(path, {"password": "y"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert state.read_private(path) == {"password": "y"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"password": '])
def test_a_file_that_was_cut_short_counts_as_missing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.json"
    path.write_text(content)
    assert state.read_private(path) == {}
    assert state.read_private(tmp_path / "missing") == {}


def test_the_state_of_a_living_supervisor_is_read_back(tmp_path: Path) -> None:
    state.write_state(tmp_path, {"redis": 7}, {"redis": "redis://here"})
    found = state.read_state(tmp_path)
    assert found is not None
    assert (found.pid, found.children) == (os.getpid(), {"redis": 7})
    assert found.urls == {"redis": "redis://here"}


def test_a_reused_pid_is_not_taken_for_the_supervisor(tmp_path: Path) -> None:
    began = psutil.Process().create_time() - 3600
    state.write_private(tmp_path / state.STATE, {"pid": os.getpid(), "began": began})
    assert state.read_state(tmp_path) is None


@pytest.mark.parametrize("value", [{}, {"pid": 1}, {"pid": 1, "began": 0.0, "other": 1}])
def test_a_state_file_of_another_shape_is_not_believed(
    tmp_path: Path, value: dict[str, object]
) -> None:
    state.write_private(tmp_path / state.STATE, value)
    assert state.read_state(tmp_path) is None


def test_a_held_folder_is_refused_at_once_and_free_after_release(tmp_path: Path) -> None:
    held = state.take_lock(tmp_path)
    state.write_state(tmp_path, {}, {})
    with pytest.raises(ServerError, match=f"in use by process {os.getpid()}"):
        state.take_lock(tmp_path)
    os.close(held)
    os.close(state.take_lock(tmp_path))


def test_a_folder_held_by_servers_of_a_dead_supervisor_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "LOCK_WAIT_S", 0.1)
    held = state.take_lock(tmp_path)
    with pytest.raises(ServerError, match="still shutting down"):
        state.take_lock(tmp_path)
    os.close(held)


def test_an_existing_folder_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir(mode=0o750)
    state.make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    state.make_private_folder(tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
