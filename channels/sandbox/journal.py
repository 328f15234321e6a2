"""A carrier's own log, one JSON object per line: what an auditor reads."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

_MOST_LINES = 500
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Journal:
    """Appends lines; they are on the file after `flush`, which the owner calls often."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Kept open for the carrier's life; surrogates in a text must not stop the log.
        self._file = path.open("a", encoding="utf-8", errors="surrogatepass")
        self._lines: list[str] = []

    def write(self, kind: str, at: datetime, machine: float, **fields: object) -> None:
        line = {"kind": kind, "at": at.isoformat(), "machine": round(machine, 6), **fields}
        self._lines.append(_encode(line))
        if len(self._lines) >= _MOST_LINES:
            self.flush()

    def flush(self) -> None:
        if self._lines:
            self._file.write("\n".join(self._lines) + "\n")
            self._lines.clear()
            self._file.flush()

    def close(self) -> None:
        self.flush()
        self._file.close()
