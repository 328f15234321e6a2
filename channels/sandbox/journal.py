"""A carrier's own log, one JSON object per line: what an auditor reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from json.encoder import JSONEncoder, encode_basestring
from pathlib import Path

Json = str | float | Sequence[object]

_MOST_LINES = 500
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Journal:
    """Appends lines; they are on the file after `flush`, which the owner calls often."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Kept open for the carrier's life; surrogates in a text must not stop the log.
        self._file = path.open("a", encoding="utf-8", errors="surrogatepass")
        self._lines: list[str] = []

    def write(self, kind: str, at: datetime, machine: float, **fields: Json) -> None:
        # A JSONEncoder costs 13 µs a line, five times this: four lines a message are most of
        # what a carrier does.
        rest = "".join(f',"{name}":{_json(value)}' for name, value in fields.items())
        line = f'{{"kind":"{kind}","at":"{at.isoformat()}","machine":{machine:.6f}{rest}}}'
        self._lines.append(line)
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


def _json(value: Json) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    return f"{value:.6f}" if isinstance(value, float) else _encode(value)
