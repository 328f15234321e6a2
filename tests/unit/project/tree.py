"""The tracked files of this project, as these tests look at them."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@cache
def tracked() -> tuple[str, ...]:
    """Paths below the root; skips where this is no git checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a checkout")
    command = [git, "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.check_output(command, cwd=ROOT, text=True)  # noqa: S603 - fixed words
    return tuple(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def read(name: str) -> str:
    """A file's text; bytes that are no UTF-8 stand for themselves."""
    return (ROOT / name).read_text(encoding="utf-8", errors="surrogateescape")
