"""A further SMS gateway of our own JSON protocol."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import signed_json
from channels.sandbox.sms_gateway import SmsGateway


class GatewayLine(HttpLine):
    """See `channels.sandbox.line.Line`."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._token, self._secret = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        carrier = office.carrier(name, signed_json(self._secret))
        self._gateway = SmsGateway(carrier, self._token)
        super().__init__(carrier, self._gateway.handle, office.ports.get(name, 0))

    def write_back(self, number: str, text: str) -> None:
        """A customer writes to the lender's number."""
        self._gateway.write_back(number, text)

    def account(self) -> Mapping[str, object]:
        return {
            "adapter": "sms-gateway",
            "name": self._name,
            "base_url": self.url,
            "token": self._token,
            "receipts_secret": self._secret,
        }


def open_line(name: str, office: Office) -> GatewayLine:
    return GatewayLine(name, office)
