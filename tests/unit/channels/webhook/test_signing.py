"""Standard Webhooks signatures: outside vectors, the reference library, rotation, hostile input."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from channels.errors import ChannelSettingsError
from channels.webhook.signing import SIGNATURE, key_of, signed, verify

ROOT = Path(__file__).parents[4]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
VECTORS = DATA / "standard-webhooks-vectors.json"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 24).decode()}" for n in (1, 2))


@pytest.mark.skipif(not VECTORS.exists(), reason="shared/data/standard-webhooks-vectors.json")
def test_all_outside_vectors_are_judged_rightly() -> None:
    vectors: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))
    right = 0
    for each in vectors:
        headers = {
            "Webhook-Id": each["id"],
            "Webhook-Timestamp": str(each["timestamp"]),
            "Webhook-Signature": each["signature"],
        }
        now = datetime.fromtimestamp(each["timestamp"], UTC)
        got = verify(each["secret"], headers, each["payload"].encode(), now)
        right += got is each["valid"]
    assert right == len(vectors) == 17


@given(st.text(), st.binary(min_size=1, max_size=64))
def test_the_reference_library_takes_what_we_sign(text: str, key: bytes) -> None:
    secret = f"whsec_{base64.b64encode(key).decode()}"
    body = text.encode("utf-8", "replace")
    headers = signed([key_of(secret)], "att-1", datetime.now(UTC), body)
    Webhook(secret).verify(body, headers, json_parse=False)
    assert verify(secret, headers, body, datetime.now(UTC))


def test_while_keys_change_either_verifies_and_the_newest_comes_first() -> None:
    headers = signed([key_of(NEW), key_of(OLD)], "att-1", NOW, b"{}")
    assert verify(NEW, headers, b"{}", NOW)
    assert verify(OLD, headers, b"{}", NOW)
    alone = signed([key_of(NEW)], "att-1", NOW, b"{}")
    assert headers[SIGNATURE].startswith(alone[SIGNATURE])
    assert not verify(OLD, alone, b"{}", NOW)


@pytest.mark.parametrize("off", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_five_minutes_either_way_is_the_most(off: timedelta) -> None:
    headers = signed([key_of(NEW)], "att-1", NOW, b"{}")
    assert not verify(NEW, headers, b"{}", NOW + off)
    assert verify(NEW, headers, b"{}", NOW + off - off / 301)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", SIGNATURE]), st.text()))
def test_hostile_headers_verify_nothing_and_raise_nothing(headers: dict[str, str]) -> None:
    assert not verify(NEW, headers, b"{}", NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_é"])
def test_what_is_no_secret_is_refused_at_the_start(secret: str) -> None:
    with pytest.raises(ChannelSettingsError):
        key_of(secret)
