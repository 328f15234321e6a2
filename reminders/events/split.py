"""Cuts a body into its events, byte for byte as they were sent.

Parsing and writing them again would cost more and could change them: what a billing system sent
is evidence. Only brackets and strings are looked at, without recursion and in one pass, so that an
event nested 10,000 deep, or with a lone surrogate, does not take its neighbours down with it.
"""

from __future__ import annotations

import re

# Possessive (*+): a string that never ends is found out once and not from each of its bytes again.
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},"]', re.DOTALL)


class Unreadable(ValueError):
    """The body is not one event, an array of events or a line for each; the message says why."""


def split(body: bytes, *, lines: bool = False) -> list[bytes]:
    """The events in `body`; with `lines`, one for each line that is not blank.

    Without `lines`: an array, or objects with nothing but white space between them.
    """
    if lines:
        return [event for line in body.split(b"\n") if (event := line.strip())]
    text = body.strip()
    if not text:
        raise Unreadable("the body is empty")
    if text.startswith(b"["):
        return _elements(text)
    if text.startswith(b"{"):
        return _objects(text)
    raise Unreadable("the body is neither a JSON object nor an array of them")


def _elements(text: bytes) -> list[bytes]:
    found: list[bytes] = []
    depth, start = 0, 1
    for token in TOKEN.finditer(text):
        depth += _step(token)
        if depth > 1 or (depth == 1 and token[0] != b","):
            continue
        element = text[start : token.start()].strip()
        start = token.end()
        if element:
            found.append(element)
        elif found or depth == 1:
            raise Unreadable(f"the array lacks an event at byte {token.start()}")
        if depth == 0:
            break
    _ended(text, start, depth, b"]")
    return found


def _objects(text: bytes) -> list[bytes]:
    found: list[bytes] = []
    depth, start = 0, 0
    for token in TOKEN.finditer(text):
        if depth == 0 and (token[0] != b"{" or text[start : token.start()].strip()):
            raise Unreadable(f"something other than an object is at byte {start}")
        depth += _step(token)
        if depth == 0:
            found.append(text[start : token.end()].strip())
            start = token.end()
    _ended(text, start, depth, b"}")
    return found


def _ended(text: bytes, end: int, depth: int, closing: bytes) -> None:
    if depth != 0:
        raise Unreadable("the body ends before its last bracket is closed")
    if text[end - 1 : end] != closing:
        raise Unreadable(f"the bracket at byte {end - 1} closes another kind")
    if text[end:].strip():
        raise Unreadable(f"something follows the last event at byte {end}")


def _step(token: re.Match[bytes]) -> int:
    if token[0] == b'"':
        raise Unreadable(f"the string at byte {token.start()} does not end")
    return (token[0] in (b"[", b"{")) - (token[0] in (b"]", b"}"))
