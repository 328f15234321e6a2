"""Builds .venv for the state of files that the one argument names; called by .ci/setup."""

import fcntl
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HOME = Path(".venv")
READY = HOME / "ready"
PLACE = HOME / "place"
HERE = str(Path.cwd())
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def main(wanted: str) -> None:
    HOME.mkdir(exist_ok=True)
    with (HOME / "building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second `make` waits for the first; gone if it dies
        if READY.exists() and READY.read_text() == wanted and usable():
            return
        READY.unlink(missing_ok=True)
        if not usable():
            make()
        say("installing what requirements.lock names (a minute or two the first time)")
        pip("--require-hashes", "-r", "requirements.lock")
        pip("--no-deps", "--no-build-isolation", "--editable", ".")
        READY.write_text(wanted)


def usable() -> bool:
    """Whether what is there starts, has a pip, and is of this folder and this Python.

    A copied or moved environment starts too, but its scripts still point to where it was.
    """
    if not PLACE.exists() or PLACE.read_text() != f"{VERSION} {HERE}":
        return False
    return subprocess.run([HOME / "bin" / "python", "-c", "import pip"]).returncode == 0


def make() -> None:
    say(f"making .venv with Python {VERSION}")
    for name in ("bin", "lib", "include"):
        shutil.rmtree(HOME / name, ignore_errors=True)
    venv.EnvBuilder(with_pip=True, symlinks=True).create(HOME)
    PLACE.write_text(f"{VERSION} {HERE}")


def pip(*words: str) -> None:
    calm = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    command = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", *words]
    if subprocess.run(command, env=os.environ | calm).returncode:
        sys.exit("error: pip failed, its reason stands above; run make again when it is mended")


def say(line: str) -> None:
    sys.stderr.write(f"setup: {line}\n")


if __name__ == "__main__":
    main(sys.argv[1])
