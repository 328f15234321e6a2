"""A phone number or mail address that shows only its mask, so that a log cannot leak it."""

from __future__ import annotations


class Address:
    """Personal text. Printing, formatting or logging it shows the mask; `reveal()` the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The address itself, for the one who hands the message over."""
        return self._text

    def __str__(self) -> str:
        return mask(self._text)

    def __repr__(self) -> str:
        return f"Address({mask(self._text)!r})"

    def __format__(self, spec: str) -> str:
        return format(mask(self._text), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def mask(text: str) -> str:
    """What may be shown: `+86130****5678`, `l***@example.com`, `https://****`, '' for nothing."""
    if not text:
        return ""
    scheme, slashes, _ = text.partition("://")
    if slashes:  # the rest of such an address is a secret as often as not
        return f"{scheme}://****"
    name, at, host = text.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    if len(text) <= 8:
        return "****"
    return f"{text[:6]}****{text[-4:]}" if len(text) > 10 else f"{text[:2]}****{text[-2:]}"
