"""Personal fields as ciphertext with a key id, and keyed hashes to compare without reading."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reminders.ledger.errors import UnknownKey

_NONCE = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """Ciphertext and the id of the key that opens it."""

    key_id: str
    ciphertext: bytes


class KeyRing:
    """AES-256-GCM under the first key; older keys still open what they sealed.

    `keys` maps a key id to 32 bytes; `hash_key` keys the hashes and never changes.
    """

    def __init__(self, keys: Mapping[str, bytes], hash_key: bytes) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._first = next(iter(keys))
        self._hash_key = hash_key

    @property
    def hash_key(self) -> bytes:
        return self._hash_key

    def seal(self, clear: str | bytes) -> Sealed:
        """Encrypt text (as UTF-8) or bytes."""
        nonce = os.urandom(_NONCE)
        data = clear.encode("utf-8", "surrogatepass") if isinstance(clear, str) else clear
        return Sealed(self._first, nonce + self._keys[self._first].encrypt(nonce, data, None))

    def open(self, key_id: str, ciphertext: bytes) -> bytes:
        """Decrypt. Raises `UnknownKey` when the key is gone or is not the one that sealed it."""
        key = self._keys.get(key_id)
        if key is None:
            raise UnknownKey(f"encryption key {key_id} is not among the settings' keys")
        try:
            return key.decrypt(ciphertext[:_NONCE], ciphertext[_NONCE:], None)
        except InvalidTag:
            raise UnknownKey(f"encryption key {key_id} does not open what it should") from None

    def hash(self, clear: str | bytes) -> bytes:
        """A keyed hash of 32 bytes: equal for equal content, useless without the key."""
        data = clear.encode("utf-8", "surrogatepass") if isinstance(clear, str) else clear
        return hmac.new(self._hash_key, data, sha256).digest()
