"""The signed token that APNs knows us by.

developer.apple.com, "Establishing a token-based connection to APNs": ES256, `iss` the team, `kid`
the key; older than an hour it is refused, and so is a new one within 20 minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.errors import ChannelSettingsError

_RENEW_AFTER_S = 50 * 60
_SOONEST_S = 20 * 60


class ProviderToken:
    """Made when first needed, renewed every 50 minutes, and where APNs finds it expired before
    that, if it is 20 minutes old. `wall` dates it, `clock` measures its age."""

    def __init__(
        self,
        key: EllipticCurvePrivateKey,
        key_id: str,
        team_id: str,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._key_id = key_id
        self._team_id = team_id
        self._wall = wall
        self._clock = clock
        self._token = ""
        self._made_at = 0.0

    def get(self) -> str:
        if not self._token or self._clock() - self._made_at >= _RENEW_AFTER_S:
            self._make()
        return self._token

    def renewed(self, expired: str) -> bool:
        """True if there is another token to try than `expired`."""
        if self._token == expired and self._clock() - self._made_at >= _SOONEST_S:
            self._make()
        return self._token != expired

    def _make(self) -> None:
        self._made_at = self._clock()
        claims = {"iss": self._team_id, "iat": int(self._wall())}
        self._token = jwt.encode(
            claims, self._key, algorithm="ES256", headers={"kid": self._key_id}
        )


def read_key(text: str) -> EllipticCurvePrivateKey:
    """The key of a `.p8` file's text. Raises `ChannelSettingsError`, without its words."""
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ChannelSettingsError(f"apns_key: not a PEM key ({type(error).__name__})") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ChannelSettingsError("apns_key: want a P-256 key, the text of Apple's .p8 file")
    return key
