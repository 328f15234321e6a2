"""The shape of the tree: fixed top level, modules that can be read, nothing of one machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.unit.project.tree import ROOT, read, tracked

TOP_LEVEL = {
    *(".ci", ".gitignore", "Makefile", "README.md", "pyproject.toml", "requirements.lock"),
    *("benchmarks", "channels", "config", "docs", "reminders", "tests", "workers"),
}
LONGEST_MODULE = 300
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
# Spelled in pieces, so that this file may be tracked too.
NOT_OURS = re.compile(
    "|".join(
        (
            r"pypi\." + "org",
            "python" + r"hosted\.org",
            "npm" + r"js\.(?:org|com)",
            "yarn" + r"pkg\.com",
            r"(?<![\w./-])/(?:work|home/\w+|Users/\w+)" + r"/\w",
        )
    )
)


def test_the_top_level_is_fixed() -> None:
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    modules = [name for name in tracked() if name.endswith(".py") and not name.startswith("tests/")]
    lengths = {name: read(name).count("\n") for name in modules if "/migrations/" not in name}
    assert modules
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_module_has_a_vague_name() -> None:
    assert [
        name for name in tracked() if VAGUE & {Path(part).stem for part in Path(name).parts}
    ] == []


def test_nothing_names_a_package_registry_or_a_folder_of_one_machine() -> None:
    found = [(name, match.group()) for name in tracked() if (match := NOT_OURS.search(read(name)))]
    assert found == []


def test_imports_point_from_left_to_right() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout
