"""One message to several devices: read, sent once, told as one outcome."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import Confirms, Message
from channels.errors import ChannelSettingsError
from channels.push import PushChannel
from channels.push.devices import Device, Platform, read_devices, together
from reminders.domain.outcome import (
    Accepted,
    Outcome,
    Permanent,
    Transient,
    Uncertain,
    Unsent,
)
from reminders.events.fields import DEVICES
from tests.unit.channels.push.scenes import account, message

A, B, C = (Device(Platform.FCM, f"{name}-token-0") for name in "abc")
DEAD, OURS = Permanent("unregistered", dead_contact=True), Permanent("bad_request")
LATER = Transient("rate_limited", timedelta(seconds=30))


@pytest.mark.parametrize(
    ("outcomes", "wanted"),
    [
        ((Accepted("r"), DEAD, OURS), Accepted("r", (A.address,))),
        ((Uncertain("?"), Accepted("r"), LATER), Accepted("r")),
        ((LATER, Uncertain("?"), DEAD), Uncertain("?")),
        ((DEAD, LATER, Transient("x", timedelta(minutes=1))), None),
        ((DEAD, Unsent("late"), OURS), Unsent("late")),
        ((DEAD, OURS, DEAD), OURS),
        ((DEAD, DEAD, DEAD), DEAD),
    ],
)
def test_one_outcome_for_all(outcomes: tuple[Outcome, ...], wanted: Outcome | None) -> None:
    devices = (B, A, C) if isinstance(outcomes[0], Accepted) else (A, B, C)
    found = together(dict(zip(devices, outcomes, strict=True)))
    # Whoever wants to wait longest says when: all are asked again at once.
    assert found == (wanted or Transient("rate_limited", timedelta(minutes=1)))


_one = st.sampled_from([Accepted("r"), DEAD, OURS, LATER, Uncertain("?"), Unsent("late")])


@settings(max_examples=60, deadline=None)
@given(st.lists(_one, min_size=1, max_size=10))
def test_what_one_device_took_is_never_sent_again_nor_a_living_customer_called_dead(
    outcomes: list[Outcome],
) -> None:
    devices = [Device(Platform.APNS, f"token-{number:03}") for number in range(len(outcomes))]
    found = together(dict(zip(devices, outcomes, strict=True)))
    if any(isinstance(each, Accepted) for each in outcomes):
        assert isinstance(found, Accepted)
        assert len(found.dead_parts) == outcomes.count(DEAD)
    else:
        assert not isinstance(found, Accepted)
    if any(isinstance(each, Uncertain) for each in outcomes):
        assert isinstance(found, Accepted | Uncertain)
    dead = isinstance(found, Permanent) and found.dead_contact
    assert dead is all(each == DEAD for each in outcomes)


@settings(max_examples=60, deadline=None)
@given(st.text("fcmapns: 0123456789-", max_size=60) | st.from_regex(DEVICES, fullmatch=True))
def test_reads_what_events_allow_and_nothing_else(address: str) -> None:
    assert bool(read_devices(address)) is bool(DEVICES.fullmatch(address))


def test_a_device_named_twice_gets_one_push() -> None:
    assert len(read_devices("fcm:0123456789 fcm:0123456789 apns:0123456789")) == 2


class _Both:
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.sent: list[str] = []

    async def send(self, token: str, _: Message) -> Outcome:
        self.sent.append(token)
        return self.outcome

    async def close(self) -> None:
        pass


def test_every_device_is_sent_to_by_its_own_platform() -> None:
    channel = PushChannel(account())
    fcm, apns = _Both(Accepted("r")), _Both(DEAD)
    channel._senders = {Platform.FCM: fcm, Platform.APNS: apns}
    sent = message(address="fcm:android-1 apns:iphone-1 fcm:android-2")
    found = asyncio.run(channel.send(sent))
    assert found == Accepted("r", ("apns:iphone-1",))
    assert (fcm.sent, apns.sent) == (["android-1", "android-2"], ["iphone-1"])


def test_confirms_what_somebody_can_say() -> None:
    assert PushChannel(account()).capabilities.confirms is Confirms.ACCEPTED
    assert PushChannel(account(app_reports=True)).capabilities.confirms is Confirms.READ


def test_a_platform_without_an_account_says_so_and_blames_nobody() -> None:
    channel = PushChannel(account(apns_key=""))
    found = asyncio.run(channel.send(message(address="apns:0123456789")))
    assert found == Permanent("no_apns_account")
    asyncio.run(channel.close())


@pytest.mark.parametrize(
    "changes",
    [
        {"fcm_service_account": "", "apns_key": ""},
        {"fcm_service_account": "{}"},
        {"fcm_service_account": "not JSON"},
        {"apns_key": "not a key"},
        {"apns_topic": ""},
        {"app_reports": True, "receipts_secret": ""},
    ],
)
def test_accounts_that_cannot_work_are_refused_without_their_words(
    changes: dict[str, object],
) -> None:
    with pytest.raises(ChannelSettingsError) as caught:
        PushChannel(account(**changes))
    assert "not a key" not in str(caught.value)
    assert "PRIVATE" not in str(caught.value)
