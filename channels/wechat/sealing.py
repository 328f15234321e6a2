"""WeChat's encrypted mode (安全模式): what it posts is sealed with the account's EncodingAESKey.

developers.weixin.qq.com, 消息加解密说明: AES-256-CBC, the key's first half as IV, PKCS #7 to 32
bytes; inside are 16 random bytes, the length in four, the XML and the app id.
"""

from __future__ import annotations

import base64
import binascii
import os

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from channels.errors import ChannelSettingsError, ReceiptError
from channels.receipts import text_of
from channels.wechat.xml import read_fields

_RANDOM, _LENGTH, _BLOCK = 16, 4, 32
_MOST_CHARS = 64 * 1024


class Seal:
    """One account's. Raises `ChannelSettingsError` if the key is none."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        try:
            key = base64.b64decode(encoding_aes_key + "=", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != 32:
            raise ChannelSettingsError("encoding_aes_key: want its 43 characters")
        self._cipher = Cipher(AES(key), CBC(key[:16]))
        self._app_id = app_id.encode()

    def open(self, body: bytes) -> bytes:
        """The XML inside. Raises `ReceiptError`."""
        try:
            sealed = base64.b64decode(sealed_text(body), validate=True)
            decryptor = self._cipher.decryptor()
            whole = decryptor.update(sealed) + decryptor.finalize()
        except (binascii.Error, ValueError):
            raise ReceiptError("Encrypt cannot be opened") from None
        padding = whole[-1] if whole else 0
        begin = _RANDOM + _LENGTH
        end = begin + int.from_bytes(whole[_RANDOM:begin], "big")
        if not 1 <= padding <= _BLOCK or whole[end : len(whole) - padding] != self._app_id:
            raise ReceiptError("Encrypt is of another account")
        return whole[begin:end]

    def close(self, xml: bytes) -> str:
        """The `Encrypt` of some XML, as WeChat writes it."""
        length = len(xml).to_bytes(_LENGTH, "big")
        plain = os.urandom(_RANDOM) + length + xml + self._app_id
        padding = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(sealed).decode()


def sealed_text(body: bytes) -> str:
    """The `Encrypt` of a post. Raises `ReceiptError` where there is none."""
    found = text_of(read_fields(body), "Encrypt", _MOST_CHARS)
    if not found:
        raise ReceiptError("Encrypt is missing: is the account set to plain text?")
    return found
