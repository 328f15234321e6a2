"""Simulated push platforms: FCM with its token endpoint, APNs, and the app that reports."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from channels.sandbox.apns_door import ApnsDoor
from channels.sandbox.desk import Desk
from channels.sandbox.fcm_door import FcmDoor
from channels.sandbox.http2_server import Http2Server
from channels.sandbox.line import HttpLine, Office
from channels.sandbox.postman import signed_json
from channels.sandbox.push_script import PushCarrier

_PROJECT = "bills-sandbox"
_EMAIL = "reminders@bills-sandbox.example.com"
_TOPIC = "com.example.bills"
_KEY_ID, _TEAM_ID = "SANDBOXKEY", "SANDBOXTEA"


class PushLine(HttpLine):
    """See `channels.sandbox.line.Line`. Both platforms share one log; where FCM has a port of its
    own wish, APNs has the next one."""

    def __init__(self, name: str, office: Office) -> None:
        self._name = name
        self._secret = secrets.token_urlsafe(24)
        self._google = _google_key()
        self._apple = ec.generate_private_key(ec.SECP256R1())
        carrier = office.carrier(name, signed_json(self._secret), kind=PushCarrier)
        desk = Desk(carrier)
        self._fcm = FcmDoor(desk, _PROJECT, _EMAIL, self._google.public_key())
        super().__init__(carrier, self._fcm.handle, office.ports.get(name, 0))
        apns = ApnsDoor(desk, _TOPIC, _TEAM_ID, self._apple.public_key())
        self._apns = Http2Server(apns.handle)

    async def start(self) -> None:
        await super().start()
        await self._apns.start(self._wanted + 1 if self._wanted else 0)
        self._fcm.token_url = f"{self.url}/token"

    async def close(self) -> None:
        await super().close()
        await self._apns.close()

    def account(self) -> Mapping[str, object]:
        service_account = {
            "type": "service_account",
            "project_id": _PROJECT,
            "private_key_id": "sandbox",
            "private_key": _pem(self._google),
            "client_email": _EMAIL,
            "token_uri": self._fcm.token_url,
        }
        return {
            "adapter": "push",
            "name": self._name,
            "fcm_service_account": json.dumps(service_account),
            "fcm_base_url": self.url,
            "apns_key": _pem(self._apple),
            "apns_key_id": _KEY_ID,
            "apns_team_id": _TEAM_ID,
            "apns_topic": _TOPIC,
            "apns_base_url": f"http://127.0.0.1:{self._apns.port}",
            "app_reports": True,
            "receipts_secret": self._secret,
        }


@cache
def _google_key() -> rsa.RSAPrivateKey:
    """One for the process: it takes a tenth of a second to find."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def open_line(name: str, office: Office) -> PushLine:
    return PushLine(name, office)
