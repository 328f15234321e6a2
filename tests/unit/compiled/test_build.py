"""Where it cannot be built, that is said once and nothing fails."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from reminders.compiled import __main__ as command
from reminders.compiled import build as building
from reminders.compiled.build import NotBuilt, build
from reminders.compiled.modules import MANIFEST

Patch = pytest.MonkeyPatch


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: Patch) -> Path:
    """Builds go into a folder of the test."""
    wanted = tmp_path / "python-0123"
    for module in (building, command):
        monkeypatch.setattr(module, "BUILT", tmp_path)
        monkeypatch.setattr(module, "fitting", lambda: wanted)
    monkeypatch.setattr("sys.argv", ["compiled", "build"])
    return tmp_path


def test_without_a_compiler_setup_goes_on_and_says_so_once(
    apart: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O9")
    assert command.main() == 0
    told = capsys.readouterr().err.splitlines()
    assert told[-1].endswith("it: there is no C compiler (no-such-compiler)")
    assert command.main() == 0
    assert capsys.readouterr().err == ""


def test_what_is_built_is_not_built_again(apart: Path, monkeypatch: Patch) -> None:
    def make(work: Path) -> Path:
        library = work / "lib" / "made.so"
        library.parent.mkdir()
        library.write_bytes(b"machine code")
        made.append(library)
        return library

    made: list[Path] = []
    (apart / "making-dead").mkdir()
    for age, name in enumerate(("newest", "older", "oldest")):
        folder = apart / f"python-{name}"
        folder.mkdir()
        (folder / MANIFEST).write_text("{}", encoding="utf-8")
        os.utime(folder, (9e8 - age, 9e8 - age))
    monkeypatch.setattr(building, "_missing", lambda: "")
    monkeypatch.setattr(building, "_made", make)
    found = build()
    assert build() == found
    assert len(made) == 1
    assert (found / "made.so").read_bytes() == b"machine code"
    kept = {each.name for each in apart.iterdir() if each.is_dir()}
    assert kept == {found.name, "python-newest"}, "another process may be about to load that one"


def test_a_build_under_way_is_not_waited_for(
    apart: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing needs the library so much."""
    with (apart / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert command.main() == 0
    assert "another process" in capsys.readouterr().err
    assert not list(apart.glob("*.reason"))


def test_sources_that_change_meanwhile_are_not_taken_for_what_was_compiled(
    apart: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(work: Path) -> Path:
        monkeypatch.setattr(building, "fitting", lambda: apart / "python-4567")
        library = work / "lib" / "made.so"
        library.parent.mkdir()
        library.write_bytes(b"machine code of one or the other")
        return library

    monkeypatch.setattr(building, "_missing", lambda: "")
    monkeypatch.setattr(building, "_made", make)
    assert command.main() == 0
    assert "changed meanwhile" in capsys.readouterr().err
    assert [each.name for each in apart.iterdir()] == ["building"]


def test_a_full_disk_is_told_in_a_line_and_tried_again(
    apart: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(work: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building, "_missing", lambda: "")
    monkeypatch.setattr(building, "_made", full)
    assert command.main() == 0
    assert capsys.readouterr().err.endswith("without it: [Errno 28] No space left on device\n")
    assert [each.name for each in apart.iterdir()] == ["building"]


def test_tools_that_fail_are_quoted_and_leave_nothing_behind(
    apart: Path, monkeypatch: Patch
) -> None:
    def fail(work: Path) -> Path:
        raise NotBuilt("the tools ended with 1:\nerror: no space")

    monkeypatch.setattr(building, "_missing", lambda: "")
    monkeypatch.setattr(building, "_made", fail)
    with pytest.raises(NotBuilt, match="no space"):
        build()
    assert not [each for each in apart.iterdir() if each.is_dir()]
