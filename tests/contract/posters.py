"""An account of every adapter, secrets made up, and posts signed as each provider signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from channels import signature
from channels.called import query_of, with_key
from channels.email.events import sendgrid
from channels.sandbox.wechat_line import event_xml
from channels.sms.twilio.signature import HEADER as TWILIO_HEADER
from channels.sms.twilio.signature import form
from channels.sms.twilio.signature import sign as twilio_sign
from channels.wechat.sealing import Seal, sealed_text
from channels.wechat.signature import sign as wechat_sign
from channels.whatsapp.signature import HEADER as META_HEADER
from channels.whatsapp.signature import sign as meta_sign

PUBLIC: Final = "https://bills.example.com"
RIGHT: Final = "a secret that was made up"
WRONG: Final = "another"
_AES: Final = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode().rstrip("=")
_APP: Final = "wx0000000000000000"


@dataclass(frozen=True, slots=True)
class Signed:
    """A post as its provider makes it: what it sends, how it is signed, and by which address."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


# From a content, a secret and a unix second to a post with that content in it.
Sign = Callable[[bytes, str, int], Signed]


@dataclass(frozen=True, slots=True)
class Poster:
    """`settings` as an accounts' file has them; without `sign` nothing comes by HTTP.

    `dated`: how long a signature counts; None: for ever.
    """

    name: str
    adapter: str
    settings: Mapping[str, object]
    sign: Sign | None = None
    dated: int | None = None


def _ours(body: bytes, secret: str, at: int) -> Signed:
    return Signed(body, {signature.HEADER: signature.sign(secret, body, at)})


def _mail(body: bytes, secret: str, at: int) -> Signed:
    signed = _ours(body, secret, at)
    return Signed(body, {**signed.headers, "content-type": "message/rfc822"})


def _twilio(name: str) -> Sign:
    def sign(body: bytes, secret: str, at: int) -> Signed:
        query = "attempt=0123"
        url = f"{PUBLIC}/v1/receipts/{name}?{query}"
        return Signed(body, {TWILIO_HEADER: twilio_sign(secret, url, form(body))}, query)

    return sign


def _by_key(body: bytes, secret: str, at: int) -> Signed:
    return Signed(body, {}, query_of(with_key(PUBLIC, secret)))


def _meta(body: bytes, secret: str, at: int) -> Signed:
    return Signed(body, {META_HEADER: meta_sign(secret, body)})


def _wechat_plain(body: bytes, secret: str, at: int) -> Signed:
    signed = wechat_sign(secret, str(at), "n")
    return Signed(body, {}, urlencode({"signature": signed, "timestamp": at, "nonce": "n"}))


def _wechat_sealed(body: bytes, secret: str, at: int) -> Signed:
    sealed = event_xml({"Encrypt": Seal(_AES, _APP).close(body)})
    signed = wechat_sign(secret, str(at), "n", sealed_text(sealed))
    return Signed(sealed, {}, urlencode({"msg_signature": signed, "timestamp": at, "nonce": "n"}))


def _mailgun(body: bytes, secret: str, at: int) -> Signed:
    """What it signs stands inside the body: the content is the event."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = body.decode("latin-1")
    token = "0" * 50
    digest = hmac.new(secret.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    seal = {"timestamp": str(at), "token": token, "signature": digest}
    return Signed(json.dumps({"signature": seal, "event-data": event}).encode())


@cache
def _pair(secret: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _public(secret: str) -> str:
    der = _pair(secret).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _sendgrid(body: bytes, secret: str, at: int) -> Signed:
    signed = _pair(secret).sign(f"{at}".encode() + body, ec.ECDSA(SHA256()))
    seal = base64.b64encode(signed).decode()
    return Signed(body, {sendgrid.SIGNATURE: seal, sendgrid.TIMESTAMP: str(at)})


def _mail_settings(secret: str, **more: object) -> Mapping[str, object]:
    return {
        "host": "127.0.0.1",
        "port": 1,
        "sender": "bills@lender.example.com",
        "receipts_secret": secret,
        **more,
    }


def _twilio_settings(name: str, **more: object) -> Mapping[str, object]:
    receipts_url = f"{PUBLIC}/v1/receipts/{name}"
    return {"account_sid": "AC0", "auth_token": RIGHT, "receipts_url": receipts_url, **more}


@cache
def posters() -> tuple[Poster, ...]:
    """At least one of every adapter; each way in which posts are signed."""
    secret = {"receipts_secret": RIGHT}
    templates = {"templates": {"*": "t"}}
    near = {"base_url": "http://127.0.0.1:1"}
    aliyun = {"access_key_id": "i", "access_key_secret": "s", "sign_name": "n"}
    tencent = {"secret_id": "i", "secret_key": "s", "sdk_app_id": "1", "sign_name": "n"}
    wechat = {"app_id": _APP, "app_secret": "s", **templates, **secret, **near}
    smpp = {"host": "127.0.0.1", "port": 1, "system_id": "i", "source": "10690000"}
    return (
        Poster("gateway", "sms-gateway", {"token": "t", **secret, **near}, _ours, 300),
        Poster("mail", "smtp", _mail_settings(RIGHT), _ours, 300),
        Poster("letters", "smtp", _mail_settings(RIGHT), _mail, 300),
        Poster("mailgun", "smtp", _mail_settings(RIGHT, events="mailgun"), _mailgun, 300),
        Poster(
            "sendgrid", "smtp", _mail_settings(_public(RIGHT), events="sendgrid"), _sendgrid, 600
        ),
        Poster("inbox", "in-app", secret, _ours, 300),
        Poster("push", "push", {**_apns(), **secret}, _ours, 300),
        Poster("tickets", "human-task", secret, _ours, 300),
        Poster(
            "twilio",
            "twilio-sms",
            _twilio_settings("twilio", sender="+12025550100", **near),
            _twilio("twilio"),
        ),
        Poster(
            "calls",
            "twilio-voice",
            _twilio_settings("calls", caller="+12025550100", **near),
            _twilio("calls"),
        ),
        Poster("aliyun", "aliyun-sms", {**aliyun, **templates, **secret, **near}, _by_key),
        Poster("tencent", "tencent-sms", {**tencent, **templates, **secret, **near}, _by_key),
        Poster("wechat", "wechat", wechat, _wechat_plain, 300),
        Poster("sealed", "wechat", {**wechat, "encoding_aes_key": _AES}, _wechat_sealed, 300),
        Poster(
            "whatsapp",
            "whatsapp-cloud",
            {"phone_number_id": "1", "token": "t", **templates, **secret, **near},
            _meta,
        ),
        Poster("smpp", "smpp", smpp),
        Poster("webhook", "webhook", {"secrets": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}),
        Poster("apprise", "apprise", {}),
    )


def _apns() -> Mapping[str, object]:
    """A key of Apple's, for an account that reads what the app reports."""
    pem = _pair("apns").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    topic = {"apns_key_id": "k", "apns_team_id": "t", "apns_topic": "a"}
    return {"apns_key": pem.decode(), "app_reports": True, **topic}


def entries() -> list[dict[str, object]]:
    """The accounts' file, as it is read."""
    return [{"adapter": each.adapter, "name": each.name, **each.settings} for each in posters()]
