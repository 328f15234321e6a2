"""One SMTP reply, and how it is read off a connection."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_MOST_LINES = 100


class SmtpGarbled(Exception):
    """What came back is no SMTP reply."""


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """`lines` are without code and separator; `enhanced` is like "5.1.1", or empty (RFC 2034)."""

    code: int
    lines: tuple[str, ...]

    @property
    def enhanced(self) -> str:
        found = _ENHANCED.match(self.lines[-1])
        return found[1] if found else ""

    @property
    def fine(self) -> bool:
        return 200 <= self.code < 300


async def read_reply(reader: asyncio.StreamReader) -> SmtpReply:
    """The next reply, of one line or several. Raises `SmtpGarbled`, or what the reader raises."""
    lines: list[str] = []
    while len(lines) < _MOST_LINES:
        line = await reader.readuntil(b"\n")
        code, mark, rest = line[:3], line[3:4], line[4:]
        if not code.isdigit() or not b"200" <= code <= b"599":
            raise SmtpGarbled("no reply code")
        lines.append(rest.decode("utf-8", "replace").strip())
        if mark != b"-":
            return SmtpReply(int(code), tuple(lines))
    raise SmtpGarbled("a reply without end")
