"""Compiled modules are taken where they fit, and then nothing but the speed is another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reminders.compiled.modules import LIBRARY, MANIFEST, ROOT, fitting, paths
from reminders.compiled.taking import SWITCH, Unfit, loaded
from tests.unit.services.simulate.history import TINY, write

TAKE = "from reminders.compiled.taking import take; print(take())"
# Of a report what no two runs share.
_OF_A_RUN = ("seconds", "cpu_s", "decisions_per_s", "decisions_per_cpu_s", "peak_memory_mb")
built = pytest.mark.skipif(
    not (fitting() / MANIFEST).exists(),
    reason="not built for these sources: python -m reminders.compiled build",
)


def in_a_process(*words: str, switch: str = "") -> str:
    """What a fresh Python prints: in this one the domain is imported long since."""
    done = subprocess.run(  # noqa: S603  (our own interpreter and code)
        [sys.executable, *words],
        env=os.environ | {SWITCH: switch},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def simulated(events: Path, *words: str, switch: str = "") -> dict[str, Any]:  # Any: JSON
    told: dict[str, Any] = json.loads(
        in_a_process(
            *("-m", "reminders.cli.main", "simulate", "--policy", "default"),
            *("--against", "card-cn", "--events", str(events), "--json", *words),
            switch=switch,
        )
    )
    return told


def without(told: dict[str, Any], *names: str) -> dict[str, Any]:  # Any: JSON
    return {name: value for name, value in told.items() if name not in (*_OF_A_RUN, *names)}


@built
def test_compiled_and_plain_decide_alike_in_any_number_of_processes(tmp_path: Path) -> None:
    events = write(tmp_path / "tiny.ndjson", TINY)
    compiled = simulated(events, "--processes", "1")
    plain = simulated(events, "--processes", "1", switch="no")
    assert (compiled["compiled"], plain["compiled"]) == (True, False)
    assert without(compiled, "compiled") == without(plain, "compiled")
    several = simulated(events, "--processes", "2")
    assert without(several, "processes") == without(compiled, "processes")


@built
def test_a_traceback_names_the_line_of_the_source() -> None:
    code = (
        f"{TAKE}\nimport traceback\nfrom reminders.domain.bill import positions\n"
        "try:\n    positions([None], [])\n"
        "except Exception as error:\n"
        "    last = traceback.extract_tb(error.__traceback__)[-1]\n"
        "    print(last.filename, last.lineno)\n"
    )
    taken, place = in_a_process("-c", code).splitlines()
    name, line = place.split()
    assert (taken, name) == ("True", "reminders/domain/bill.py")
    text = (ROOT / name).read_text(encoding="utf-8").split("\n")
    assert "version" in text[int(line) - 1]


@built
@pytest.mark.parametrize("word", ["no", "Off", "0"])
def test_the_switch_leaves_everything_plain(word: str) -> None:
    assert in_a_process("-c", TAKE) == "True\n"
    assert in_a_process("-c", TAKE, switch=word) == "False\n"


def test_what_was_imported_before_stays_as_it_is() -> None:
    assert in_a_process("-c", f"import reminders.domain.bill; {TAKE}") == "False\n"


def test_other_sources_fit_another_library(tmp_path: Path) -> None:
    """One character more, and what was built is not found any more."""
    for path in (ROOT / "reminders").rglob("*.py"):
        there = tmp_path / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(path.read_bytes())
    assert fitting(tmp_path) == fitting()
    for name in (paths()[0], "reminders/domain/record.py", "reminders/compiled/native.py"):
        changed = tmp_path / name
        before = changed.read_bytes()
        changed.write_bytes(before + b"\n")
        assert fitting(tmp_path) != fitting(), name
        changed.write_bytes(before)


def test_what_is_not_there_or_damaged_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="No such file"):
        loaded(tmp_path)
    library = tmp_path / f"{LIBRARY}.so"
    library.write_bytes(b"no library")
    manifest = {"library": library.name, "sha256": sha256(b"a library").hexdigest()}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(Unfit, match="not as it was built"):
        loaded(tmp_path)
    manifest["sha256"] = sha256(b"no library").hexdigest()
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(Unfit):  # as it was built, and yet the system cannot load it
        loaded(tmp_path)
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(Unfit):
        loaded(tmp_path)
    assert LIBRARY not in sys.modules
