"""The contract suite's rows of push: a device at each platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels.contract import Channel, Post
from channels.push import PushChannel, PushSettings
from channels.signature import HEADER, sign
from reminders.domain.outcome import ReceiptStatus
from tests.contract.carriers import World, closed_port
from tests.contract.row import Row, Told

_RIGHT = "the account's secret"
_used: dict[str, PushSettings] = {}  # the account that the running test's channel was made of


def _settings(world: World) -> PushSettings:
    (account,) = world.accounts.values()
    _used[_RIGHT] = replace(cast(PushSettings, account), timeout=world.timeout)
    return _used[_RIGHT]


def _unreachable(world: World) -> Channel:
    nowhere = f"http://127.0.0.1:{closed_port()}"
    return PushChannel(replace(_settings(world), fcm_base_url=nowhere, apns_base_url=nowhere))


def _signed(secret: str, body: bytes, at: int) -> Post:
    right = _used[_RIGHT].receipts_secret if secret == _RIGHT else secret
    return Post(body, {HEADER: sign(right, body, at)})


def _told(platform: str) -> tuple[Told, ...]:
    shown = {ReceiptStatus.DELIVERED}
    return (
        (f"{platform}:s00-0123456789", shown, False),
        (f"{platform}:s05-0123456789", shown, False),
    )


def _offline() -> Channel:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return PushChannel(
        PushSettings(apns_key=key.decode(), apns_key_id="k", apns_team_id="t", apns_topic="a")
    )


FCM = Row(
    name="push_fcm",
    make=lambda world: PushChannel(_settings(world)),
    make_unreachable=_unreachable,
    good="fcm:s00-0123456789",
    refused="fcm:s02-0123456789",
    busy="fcm:s03-0123456789",
    retry_after=timedelta(seconds=30),
    hangs="fcm:s05-0123456789",
    status_word="delivered",
    signed_with=_RIGHT,
    lines=(("push", "push_fcm"),),
    signed=_signed,
    offline=_offline,
    secrets=("PRIVATE KEY",),
    receipted=_told("fcm"),
)
APNS = replace(
    FCM,
    name="push_apns",
    good="apns:s00-0123456789",
    refused="apns:s02-0123456789",
    busy="apns:s03-0123456789",
    retry_after=None,
    hangs="apns:s05-0123456789",
    lines=(("push", "push_apns"),),
    receipted=_told("apns"),
)
