"""What is started, in which order, and with which words."""

from pathlib import Path

import pytest

from reminders.servers.development import Ports
from reminders.servers.system import System

AT = Ports(http=1001, sms=1002, smtp=1003, control=1004)


def _system(tmp_path: Path, **options: object) -> System:
    return System(tmp_path, AT, {"REDIS_URL": "redis://here"}, **options)  # type: ignore[arg-type]  # each test names one option


def test_doors_open_before_work_is_made_and_close_after_it(tmp_path: Path) -> None:
    names = [process.name for process in _system(tmp_path).processes()]
    assert names == ["sandbox", "http", "intake", "worker", "beat"]


def test_what_speaks_over_our_own_connections_is_a_door_too(tmp_path: Path) -> None:
    processes = _system(tmp_path, listens=True).processes()
    names = [process.name for process in processes]
    assert names == ["sandbox", "http", "listen", "intake", "worker", "beat"]
    assert processes[2].argv[-1] == "listen"


def test_the_sandbox_can_be_left_out(tmp_path: Path) -> None:
    names = [process.name for process in _system(tmp_path, sandbox=False).processes()]
    assert "sandbox" not in names


def test_the_worker_serves_every_queue_unless_told_which(tmp_path: Path) -> None:
    assert "-Q" not in _system(tmp_path).worker().argv
    some = _system(tmp_path, queues=("deliver.sms", "sweep.due"), workers=3).worker()
    assert some.argv[-2:] == ("-Q", "deliver.sms,sweep.due")
    assert some.argv[some.argv.index("--concurrency") + 1] == "3"


def test_two_beats_have_a_schedule_file_each(tmp_path: Path) -> None:
    system = _system(tmp_path)
    assert system.beat().argv[-1] != system.beat("beat-2").argv[-1]


def test_every_process_gets_the_addresses_and_finds_the_project(tmp_path: Path) -> None:
    for process in [_system(tmp_path).migrate(), *_system(tmp_path).processes()]:
        assert process.env["REDIS_URL"] == "redis://here"
        assert (Path(process.env["PYTHONPATH"].split(":")[0]) / "reminders").is_dir()


def test_no_secret_is_in_a_command_line(tmp_path: Path) -> None:
    words = [word for process in _system(tmp_path).processes() for word in process.argv]
    assert not any(word.startswith("redis://") for word in words)


@pytest.mark.parametrize("name", ["sandbox", "http"])
def test_what_listens_is_ready_only_when_it_does(tmp_path: Path, name: str) -> None:
    process = next(p for p in _system(tmp_path).processes() if p.name == name)
    assert process.ready is not None
    assert not process.ready()
