"""Run PostgreSQL, which refuses root, when we are root, without changing anything on the host.

It runs under the existing account `nobody`, in a folder that only that account may enter.
"""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from reminders.servers.errors import ServerError

User = tuple[int, int]
"""(uid, gid)"""

# The kernel resolves this link without looking at the folders above the working directory, so a
# data folder below /root or a 0700 temporary folder works, and no mode has to be loosened.
WORKING_DIRECTORY = "/proc/self/cwd"


def choose_user(folder: Path) -> User | None:
    """Whom to run as: None (ourselves) unless we are root. An existing folder keeps its owner."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        raise ServerError(
            "PostgreSQL cannot run as root and there is no account `nobody`: "
            "run as another user, or set DATABASE_URL"
        ) from None
    return account.pw_uid, account.pw_gid


def make_folder(folder: Path, user: User | None) -> None:
    """Create the folder for that user alone; an existing one keeps its mode and owner."""
    if folder.exists():
        return
    folder.mkdir(mode=0o700)
    if user is not None:
        os.chown(folder, *user)


def name_of(folder: Path, user: User | None) -> str:
    """How a process of that user, started in the folder, can name it."""
    if user is None or can_enter(folder, user):
        return str(folder)
    if sys.platform.startswith("linux"):
        return WORKING_DIRECTORY
    raise ServerError(
        f"{folder} lies below a folder that only root may enter: choose a data folder elsewhere, "
        "run as another user, or set DATABASE_URL"
    )


def can_enter(path: Path, user: User) -> bool:
    """Whether the user may walk every folder down to the path and read what is there."""
    path = path.resolve()
    walked = [folder for folder in path.parents if not _has(folder, user, 0o1)]
    return not walked and _has(path, user, 0o5 if path.is_dir() else 0o4)


def _has(path: Path, user: User, wanted: int) -> bool:
    about = path.stat()
    shift = 6 if about.st_uid == user[0] else 3 if about.st_gid == user[1] else 0
    return (about.st_mode >> shift) & wanted == wanted


def readable_copy(base: Path, files: list[Path], user: User, key: str, program: Path) -> Path:
    """A folder outside `base` with the same files in the same places that the user can run.

    Kept between runs under `key` in a temporary folder: losing it costs a second, not data.
    `program` is the file, relative to `base`, that is tried with --version to prove the copy.
    """
    for parent in dict.fromkeys((tempfile.gettempdir(), "/var/tmp", "/tmp")):  # noqa: S108 - below
        # S108: we create our own folder there, owned by us and writable by nobody else, and
        # refuse one that is not.
        if not Path(parent).is_dir() or not _has_way(Path(parent), user):
            continue
        copy = Path(parent, f"bill-reminders-{key}")
        _make_open_folder(copy)
        if not _is_ours(copy):
            continue
        _fill(base, files, copy)
        if _runs(copy / program, user):
            return copy
    raise ServerError(
        f"{base} cannot be read by the account that PostgreSQL must run under, and no temporary "
        "folder takes a copy: set TMPDIR, run as another user, or set DATABASE_URL"
    )


def _has_way(folder: Path, user: User) -> bool:
    return all(_has(step, user, 0o1) for step in (folder, *folder.resolve().parents))


def _fill(base: Path, files: list[Path], copy: Path) -> None:
    """Bring what is missing. Files appear whole, so servers and other runs may use the copy now.

    It is done at every start: cleaners of temporary folders take old files out.
    """
    for file in files:
        target = copy / file.relative_to(base)
        if target.exists() and target.stat().st_size == file.stat().st_size:
            continue
        for folder in reversed(target.relative_to(copy).parents[:-1]):
            _make_open_folder(copy / folder)
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(file, fresh)
        fresh.chmod(0o755 if os.access(file, os.X_OK) else 0o644)
        fresh.replace(target)


def _make_open_folder(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)  # our own, just made: the umask may have closed it


def _is_ours(copy: Path) -> bool:
    about = copy.lstat()
    return (
        stat.S_ISDIR(about.st_mode)
        and about.st_uid == os.geteuid()
        and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _runs(program: Path, user: User) -> bool:
    try:
        # S603: a program of our own copy.
        done = subprocess.run(  # noqa: S603
            [program, "--version"],
            user=user[0],
            group=user[1],
            extra_groups=[],
            capture_output=True,
            timeout=20,
            check=False,
            cwd="/",
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
