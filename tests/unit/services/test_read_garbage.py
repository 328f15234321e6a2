"""What was signed and is garbage: read without a fault, and what is read of it can be kept."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.accounts import accounts_of
from channels.contract import Channel
from channels.push.apns.answers import outcome_of as of_apns
from channels.push.fcm.answers import outcome_of as of_fcm
from channels.registry import build
from channels.transport import Reply
from reminders.services.callbacks import Callback, Read, read_callback
from reminders.services.resources import Resources
from tests.contract.garbage import ATTEMPT, BODY, spoilt
from tests.contract.posters import entries, posters
from tests.contract.true_posts import content_type, query, trees, write

LONGEST = 4_096  # characters of one text: WhatsApp's
SILENT = {"webhook", "apprise"}  # nothing is ever heard of them
NAMES = tuple(each.name for each in posters())
ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("REMINDERS_TEST_DATA") or ROOT.parent / "shared" / "data")
SAMPLES = DATA / "provider-callbacks.json"
QUERIES = st.sampled_from(
    (
        *("", f"attempt={ATTEMPT}", "attempt=%00", "attempt=\ud800", f"attempt={ATTEMPT}&gather=1"),
        *("delivered_at=0001-01-01T00:00:00%2B14:00", "delivered_at=9999-12-31T23:59:59-14:00"),
        *("delivered_at=soon", "&" * 300, "//[", "%ff=%ff"),
    )
)
TYPES = st.sampled_from(("", "", "message/rfc822", "Message/RFC822; x=\xe9", "text/xml", "\0"))


def cheap(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


@cache
def channels() -> Mapping[str, Channel]:
    return build(accounts_of(entries()))


def read(name: str, body: bytes, kind: str = "", query: str = "") -> Read:
    resources = cast(Resources, SimpleNamespace(fleet=SimpleNamespace(by_name=channels())))
    url = f"/v1/receipts/{name}?{query}" if query else ""
    headers = {"content-type": kind} if kind else {}
    return read_callback(resources, Callback("1-0", name, body, headers, url))


def check(found: Read) -> None:
    """All of it can be written down: texts that the database takes, instants that are aware."""
    for heard in found.heard:
        receipt = heard.receipt
        assert receipt.at.tzinfo is UTC
        assert heard.attempt_id or receipt.provider_ref
        for text in (receipt.provider_ref, receipt.reason):
            assert _keepable(text, 300)
    for said in found.written:
        inbound = said.inbound
        assert inbound.at.tzinfo is UTC
        assert inbound.sender
        for text in (inbound.sender, inbound.ref, inbound.attempt_id):
            assert _keepable(text, 330)
        assert _keepable(inbound.text)
    for line in found.wrong:
        assert line.isprintable()
        assert _keepable(line, 600)


def _keepable(text: str, longest: int = LONGEST) -> bool:
    text.encode()  # a lone surrogate raises
    return len(text) <= longest and "\0" not in text


@cheap(60)
@given(body=BODY, kind=TYPES, called=QUERIES)
def test_garbage_is_read_without_a_fault(body: bytes, kind: str, called: str) -> None:
    for name in NAMES:
        check(read(name, body, kind, called))
    check(read("sealed", _sealed(body), kind, called))


def _sealed(body: bytes) -> bytes:
    (sign,) = (each.sign for each in posters() if each.name == "sealed")
    assert sign is not None
    return sign(body, "s", 1).body


@pytest.mark.parametrize("name", [each for each in NAMES if each not in SILENT])
def test_what_is_true_is_read_whole(name: str) -> None:
    """Else spoiling it would show nothing."""
    for tree in trees(name, ATTEMPT, "ref-1"):
        found = read(name, write(name, tree), content_type(name), query(name, ATTEMPT))
        assert found.wrong == []
        assert found.heard or found.written
        check(found)


@cheap(25)
@given(data=st.data())
def test_a_spoilt_truth_is_read_without_a_fault(data: st.DataObject) -> None:
    """A field dropped, doubled, retyped, too large or not storable."""
    for name in NAMES:
        for tree in trees(name, ATTEMPT, "ref-1"):
            body = write(name, data.draw(spoilt(tree)))
            check(read(name, body, content_type(name), query(name, ATTEMPT)))


@pytest.mark.skipif(not SAMPLES.is_file(), reason="no provider-callbacks.json beside the checkout")
@cheap(40)
@given(data=st.data())
def test_spoilt_samples_are_read_without_a_fault(data: st.DataObject) -> None:
    """The callbacks and answers that the providers' own pages show."""
    samples = _samples()
    for name, source in (("aliyun", "aliyun"), ("aliyun", "aliyun_global"), ("tencent", "tencent")):
        check(read(name, write(name, data.draw(spoilt(samples[source]["body"])))))
    form = data.draw(spoilt(samples["twilio"]["form"]))
    check(read("twilio", write("twilio", form), "", query("twilio", ATTEMPT)))
    now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    for tree in samples["fcm_v1"]["bodies"]:
        of_fcm(Reply(400, {}, write("fcm", data.draw(spoilt(tree)))), now)
    for tree in samples["apns"]["bodies"]:
        body = write("apns", data.draw(spoilt(tree["body"])))
        of_apns(Reply(tree["http"], {}, body), ATTEMPT, now)


@cache
def _samples() -> Mapping[str, Mapping[str, Sequence[Mapping[str, int]]]]:
    return cast(
        "Mapping[str, Mapping[str, Sequence[Mapping[str, int]]]]",
        json.loads(SAMPLES.read_text(encoding="utf-8")),
    )
