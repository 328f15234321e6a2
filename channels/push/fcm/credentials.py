"""A Google service account, and the signed claim that its access tokens are granted for.

developers.google.com/identity/protocols/oauth2/service-account ("HTTP/REST"): RS256, one hour.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.access_token import AccessToken
from channels.calling import call
from channels.errors import ChannelSettingsError
from channels.transport import Reply, Transport
from reminders.domain.outcome import Outcome

_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = timedelta(hours=1)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    project: str
    email: str
    token_uri: str
    key_id: str
    key: RSAPrivateKey = field(repr=False)

    def assertion(self, now: float) -> str:
        """The claim, signed, as of a unix second of the machine clock."""
        claims = {
            "iss": self.email,
            "scope": _SCOPE,
            "aud": self.token_uri,
            "iat": int(now),
            "exp": int(now + _LIFE.total_seconds()),
        }
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id})


def read_service_account(text: str) -> ServiceAccount:
    """The account of a JSON file's text. Raises `ChannelSettingsError`, without its words."""
    try:
        found = json.loads(text)
        key = load_pem_private_key(str(found["private_key"]).encode(), password=None)
        account = ServiceAccount(
            project=str(found["project_id"]),
            email=str(found["client_email"]),
            token_uri=str(found["token_uri"]),
            key_id=str(found.get("private_key_id", "")),
            key=key if isinstance(key, RSAPrivateKey) else _no_key(),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ChannelSettingsError(
            "fcm_service_account: want Firebase's JSON with project_id, client_email, token_uri "
            f"and an RSA private_key ({type(error).__name__})"
        ) from None
    return account


def _no_key() -> RSAPrivateKey:
    raise TypeError("not an RSA key")


def access_token(
    account: ServiceAccount, transport: Transport, wall: Callable[[], float] = time.time
) -> AccessToken:
    """Tokens of the account, from its own endpoint."""

    async def ask() -> Reply | Outcome:
        form = urlencode({"grant_type": _GRANT, "assertion": account.assertion(wall())})
        return await call(transport, "POST", account.token_uri, _FORM, form.encode())

    return AccessToken(ask)
