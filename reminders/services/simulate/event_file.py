"""An events file as customers with facts: checked, told apart by customer, each event once.

Customers are split into parts by their number, and one part is held at a time, so that memory
follows the size of a part and not of the file. Parts of a large file wait in a private folder.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from reminders.domain.identity import customer_id
from reminders.events import EventError, parse_event, to_json
from reminders.events.files import Found, read_events
from reminders.services.simulate.errors import BadInput
from reminders.services.simulate.people import CHUNK, Chunk, Heard, Written

PART_BYTES = 16 * 1024 * 1024


class EventFile:
    """NDJSON, a JSON array or one event. An event becomes known at its own time."""

    def __init__(self, path: Path, part_bytes: int = PART_BYTES) -> None:
        self._path = path
        self.name = path.name
        self.heard = Heard()
        self.total: int | None = None
        try:
            self._parts = max(1, -(-path.stat().st_size // part_bytes))
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from None

    def chunks(self) -> Iterator[Chunk]:
        """Raises `BadInput` where no event of the file can be used."""
        self.heard = Heard()
        with tempfile.TemporaryDirectory(prefix="simulate-") as folder, ExitStack() as stack:
            files = [
                stack.enter_context((Path(folder) / str(n)).open("w+b")) for n in range(self._parts)
            ]
            self._part(files)
            if not self.heard.events:
                raise BadInput(f"{self._path}: {self._why_none()}")
            for file in files:
                file.seek(0)
                yield from self._chunks_of(file)

    def _why_none(self) -> str:
        if self.heard.first_flaw:
            return f"no event in it is valid ({self.heard.first_flaw})"
        return "it holds no event"

    def _part(self, files: Sequence[BinaryIO]) -> None:
        """One line of canonical JSON per valid event, into the part of its customer."""
        try:
            with self._path.open("rb") as stream:
                for found in read_events(stream):
                    self._one(found, files)
        except OSError as error:
            raise BadInput(f"{self._path} cannot be read: {error.strerror}") from None

    def _one(self, found: Found, files: Sequence[BinaryIO]) -> None:
        flaw = found.flaw
        if not flaw:
            try:
                event = parse_event(found.body)
            except EventError as error:
                flaw = error.reason
        if flaw:
            self.heard.malformed += 1
            self.heard.first_flaw = self.heard.first_flaw or f"line {found.line}: {flaw}"
            return
        self.heard.events += 1
        part = files[customer_id(event.data.customer_id) % len(files)]
        part.write(to_json(event) + b"\n")

    def _chunks_of(self, file: BinaryIO) -> Iterator[Chunk]:
        customers: dict[str, list[bytes]] = {}
        seen: dict[bytes, bytes] = {}
        for line in file:
            event = json.loads(line)
            identity = _short(f"{event['source']}\0{event['id']}".encode())
            content = _short(json.dumps([event["time"], event["type"], event["data"]]).encode())
            told = seen.setdefault(identity, content)
            if told is content:
                customers.setdefault(event["data"]["customer_id"], []).append(line)
            elif told == content:
                self.heard.duplicates += 1
            else:
                self.heard.conflicts += 1
        refs = sorted(customers)
        for start in range(0, len(refs), CHUNK):
            some = refs[start : start + CHUNK]
            yield Written(tuple((ref, tuple(customers.pop(ref))) for ref in some))


def _short(text: bytes) -> bytes:
    return blake2b(text, digest_size=12).digest()
