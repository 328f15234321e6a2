"""A transport that answers from a list, accounts with keys of their own, and a message."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.contract import Message
from channels.push import PushSettings
from channels.transport import Reply

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
CALLBACKS = DATA / "provider-callbacks.json"
ATTEMPT = "0197c1a2-0000-7000-8000-000000000001"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
GRANTS_AT = "https://oauth2.example.com/token"
GRANTED = Reply(200, {}, b'{"access_token":"tok","expires_in":3599,"token_type":"Bearer"}')


def reply(status: int, content: object = None, headers: Mapping[str, str] | None = None) -> Reply:
    body = b"" if content is None else json.dumps(content).encode()
    return Reply(status, headers or {}, body)


@dataclass(slots=True)
class Scripted:
    """Answers in order, the last for ever; an exception is raised. `asked` is what it was told."""

    answers: list[Reply | Exception]
    asked: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        start_by: float | None = None,
    ) -> Reply:
        self.asked.append((method, url, headers, body or b""))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        pass


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@cache
def google_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def apple_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


# `Any`: fields by name, from tests only.
def account(**changes: Any) -> PushSettings:
    service = {
        "project_id": "bills",
        "client_email": "reminders@example.com",
        "private_key": pem(google_key()),
        "private_key_id": "k1",
        "token_uri": GRANTS_AT,
    }
    given: dict[str, Any] = {
        "fcm_service_account": json.dumps(service),
        "fcm_base_url": "https://fcm.example.com",
        "apns_key": pem(apple_key()),
        "apns_key_id": "KEY1234567",
        "apns_team_id": "TEAM123456",
        "apns_topic": "com.example.bills",
        "apns_base_url": "https://apns.example.com",
        "receipts_secret": "s",
    }
    return PushSettings(**(given | changes))


# `Any`: fields by name, from tests only.
def message(**changes: Any) -> Message:
    given: dict[str, Any] = {
        "idempotency_key": ATTEMPT,
        "address": "fcm:0123456789",
        "text": "您的账单明天到期",
        "language": "zh-CN",
        "subject": "账单提醒",
        "kind": "pre_due",
        "link": "https://pay.example.com/b/1",
        "expires_at": NOW + timedelta(hours=1),
    }
    return Message(**(given | changes))
