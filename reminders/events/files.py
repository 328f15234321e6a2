"""Reads events from a file of any size: one for each line, an array, or objects one by one."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from reminders.events.split import next_token

_CHUNK = 1024 * 1024
# An unclosed string or bracket would otherwise draw the whole file into memory.
_LONGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """One event's bytes and the line it begins at. `flaw` says why it cannot be one, else ""."""

    line: int
    body: bytes
    flaw: str = ""


def read_events(stream: BinaryIO) -> Iterator[Found]:
    """Every event of `stream`, in order. Its first line tells which of the three forms it has."""
    line, first = 0, b""
    while not first.strip():
        first = stream.readline(_LONGEST)
        line += 1
        if not first:
            return
        if line == 1:  # before an array it would hide what follows
            first = first.removeprefix(BOM_UTF8)
    if first.lstrip()[:1] == b"[" or first.rstrip()[-1:] in (b"{", b"[", b","):
        yield from _documents(stream, first, line)
    else:
        yield from _lines(stream, first, line)


def _lines(stream: BinaryIO, first: bytes, line: int) -> Iterator[Found]:
    while first:
        if first.strip():
            flaw = "the line is too long" if len(first) >= _LONGEST else ""
            yield Found(line, first.strip(), flaw)
        line += first.endswith(b"\n")
        first = stream.readline(_LONGEST)


def _documents(stream: BinaryIO, first: bytes, line: int) -> Iterator[Found]:
    """Objects one after the other, in an array or not, whatever the lines they lie on."""
    text = first.lstrip()
    array = text.startswith(b"[")
    cutter = _Cutter(line, array=array)
    chunk = text[1:] if array else text
    while chunk:
        yield from cutter.feed(chunk)
        if cutter.held > _LONGEST:
            yield Found(cutter.line, b"", "what begins here does not end; it and the rest are lost")
            return
        chunk = stream.read(_CHUNK)
    yield from cutter.end()


class _Cutter:
    """Takes text as it comes and gives what is whole; holds the rest, which begins at `line`."""

    def __init__(self, line: int, *, array: bool) -> None:
        self.line = line
        self._open = array  # whether the array around the events still has to end
        self._text = b""
        self._scanned = 0
        self._depth = 0

    @property
    def held(self) -> int:
        return len(self._text)

    def feed(self, chunk: bytes) -> Iterator[Found]:
        self._text += chunk
        start = 0
        while True:
            token, here = next_token(self._text, self._scanned, within=self._depth > 0)
            self._scanned = here
            if token in (b"", b'"'):  # a string may go on in the next chunk
                break
            self._scanned += 1
            end = self._end_of_piece(token, here)
            if end is not None:
                yield from self._piece(self._text[start:end])
                start = self._scanned
        self._text = self._text[start:]
        self._scanned -= start

    def end(self) -> Iterator[Found]:
        if self._text.strip():
            yield from self._piece(self._text, "the file ends in the middle of an event")
        elif self._open:
            yield Found(self.line, b"", "the file ends before its array does")

    def _end_of_piece(self, token: bytes, here: int) -> int | None:
        """Where the piece before or with this token ends; None if it goes on."""
        if token == b",":
            return here
        if token in (b"{", b"["):
            self._depth += 1
            return None
        self._depth -= 1
        if self._depth >= 0:
            return here + 1 if self._depth == 0 else None
        self._depth, self._open = 0, False
        return here

    def _piece(self, text: bytes, flaw: str = "") -> Iterator[Found]:
        body = text.strip()
        before = len(text) - len(text.lstrip())
        if body:
            yield Found(self.line + text.count(b"\n", 0, before), body, flaw)
        self.line += text.count(b"\n")
