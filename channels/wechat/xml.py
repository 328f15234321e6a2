"""Reads WeChat's XML: one flat element of texts. Anything that could grow on reading is refused."""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from channels.errors import ReceiptError

_MOST_BYTES = 64 * 1024
_DEEPEST = 8


class _Reader:
    """Collects the texts of the root's children; what lies deeper is passed over."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, _: object) -> None:
        self._path.append(name)
        if len(self._path) > _DEEPEST:
            raise ReceiptError("XML is nested too deep")
        if len(self._path) == 2:
            self._text.clear()

    def text(self, data: str) -> None:
        if len(self._path) == 2:
            self._text.append(data)

    def end(self, name: str) -> None:
        if len(self._path) == 2:
            self.fields[name] = "".join(self._text).strip()
        self._path.pop()


def _refuse(*_: object) -> None:
    raise ReceiptError("XML with a document type is not read")


def read_fields(body: bytes) -> Mapping[str, str]:
    """The texts by name. Raises `ReceiptError`; a DOCTYPE, and so any entity, is one reason."""
    if len(body) > _MOST_BYTES:
        raise ReceiptError("XML is too long")
    parser = expat.ParserCreate(encoding="utf-8")
    reader = _Reader()
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.text
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ReceiptError(f"not XML: {expat.ErrorString(error.code)}") from None
    return reader.fields
