"""Who may look and act: a person's token, as the settings name them."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from reminders.console.asgi import Refused


class Operators:
    """`tokens`: a person's name → their token; an empty one opens nothing."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = {name: token.encode() for name, token in tokens.items() if token}

    def named(self, token: str, challenge: str = "Bearer") -> str:
        """The person of this token. Every one is compared, in a time that tells nothing.

        Raises `Refused` (401).
        """
        given = token.encode("utf-8", "replace")
        names = [name for name, each in self._tokens.items() if hmac.compare_digest(each, given)]
        if not names:
            raise Refused(401, "an operator's token is wanted", www_authenticate=challenge)
        return names[0]
