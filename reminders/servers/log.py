"""One readable log of many processes: time, name column, line; to a terminal and to a file."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)  # ANSI foregrounds that read on dark and light
KEEP_BYTES = 20 * 1024 * 1024


class Log:
    """Callable as a `Sink`. Lines of several threads never mix."""

    def __init__(self, path: Path, terminal: TextIO | None) -> None:
        """`terminal=None` writes the file alone. One old file is kept once it passes 20 MB."""
        self._terminal = terminal
        self._coloured = terminal is not None and terminal.isatty()
        self._file = _open(path)
        self._lock = threading.Lock()
        self._names: list[str] = []

    def __call__(self, name: str, line: str) -> None:
        stamp = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
        with self._lock:
            column = self._column(name)
            if not self._file.closed:
                self._file.write(f"{stamp} {name:<10} {line}\n")
                self._file.flush()
            if self._terminal is not None:
                self._show(f"{stamp} {column} {line}\n")

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _column(self, name: str) -> str:
        if not self._coloured:
            return f"{name:<10}"
        if name not in self._names:
            self._names.append(name)
        colour = COLOURS[self._names.index(name) % len(COLOURS)]
        return f"\x1b[{colour}m{name:<10}\x1b[0m"

    def _show(self, text: str) -> None:
        assert self._terminal is not None  # noqa: S101 - the caller looked
        try:
            self._terminal.write(text)
            self._terminal.flush()
        except (OSError, ValueError):  # the terminal is gone; the file still has every line
            self._terminal = None


def _open(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and path.stat().st_size > KEEP_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return path.open("a", encoding="utf-8")
