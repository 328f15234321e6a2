"""Builds the library that fits the sources, or says why it cannot be."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from hashlib import sha256
from pathlib import Path

from reminders.compiled.modules import BUILT, MANIFEST, ROOT, fitting, paths

_CACHE = BUILT / "mypy"  # what mypy knows of the modules that are not compiled
_TOLD = 15  # lines of a failed tool that are shown


class NotBuilt(Exception):
    """The library cannot be made here; the message says why."""


class Busy(NotBuilt):
    """Somebody else builds it or changes the sources now."""


def build() -> Path:
    """Make the library that fits the sources, unless it is there, and take older ones away.

    Raises `NotBuilt`.
    """
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / "building").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone if the build dies
        except BlockingIOError:
            raise Busy("another process compiles it already") from None
        wanted = fitting()
        if (wanted / MANIFEST).exists():
            return wanted
        missing = _missing()
        if missing:
            raise NotBuilt(missing)
        with tempfile.TemporaryDirectory(prefix="making-", dir=BUILT) as work:
            library = _made(Path(work))
            if fitting() != wanted:  # what was copied may be neither the old nor the new
                raise Busy("the sources changed meanwhile")
            _move(library, wanted)
        _clear(wanted)
    return wanted


def _clear(wanted: Path) -> None:
    """Take away what dead builds left, and all libraries but the newest beside the wanted one: a
    process that began with the sources before may be about to load it."""
    others = {each for each in BUILT.iterdir() if each.is_dir()} - {wanted, _CACHE}
    whole = [each for each in others if (each / MANIFEST).exists()]
    whole.sort(key=lambda each: each.stat().st_mtime)
    for other in others.difference(whole[-1:]):
        shutil.rmtree(other, ignore_errors=True)


def _missing() -> str:
    """What is not on this machine and has to be."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler})"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "Python.h is missing: it comes with Python's development files"
    try:
        import mypyc  # noqa: F401  (only whether it is there)
    except ImportError:
        return "mypyc is missing: it comes with mypy"
    return ""


def _made(work: Path) -> Path:
    """The library of the modules; whatever it takes is left in `work`."""
    _copy(work)
    done = subprocess.run(  # noqa: S603  (our own interpreter and module)
        [sys.executable, "-m", "reminders.compiled.making", str(_CACHE)],
        cwd=work,
        env=os.environ | {"PYTHONPATH": str(work)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-_TOLD:])
        raise NotBuilt(f"the tools ended with {done.returncode}:\n{last}")
    return next((work / "lib").iterdir())


def _copy(work: Path) -> None:
    """The package, with the modules rewritten, and the source's line of each of their lines."""
    from reminders.compiled.making import LINES
    from reminders.compiled.native import native

    pyc = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "reminders", work / "reminders", ignore=pyc)
    lines = {}
    for path in paths():
        rewritten = native((work / path).read_text(encoding="utf-8"))
        (work / path).write_text(rewritten.text, encoding="utf-8")
        lines[path] = rewritten.lines
    (work / LINES).write_text(json.dumps(lines), encoding="utf-8")


def _move(library: Path, wanted: Path) -> None:
    """Put it where it is looked for, at once and whole."""
    made = library.parent / "made"
    made.mkdir()
    library.rename(made / library.name)
    told = {
        "library": library.name,
        "sha256": sha256((made / library.name).read_bytes()).hexdigest(),
    }
    (made / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    shutil.rmtree(wanted, ignore_errors=True)
    made.rename(wanted)
