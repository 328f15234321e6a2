"""Which services an address may name, and what the library's answer comes to."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from channels.apprise import AppriseChannel, AppriseSettings
from channels.apprise import provider as provider_module
from channels.apprise.notifying import Limits, Told, load, notify
from channels.apprise.services import DENIED, is_allowed, is_private, scheme_of
from channels.contract import Message
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain

# The library asks whether Python still has `imghdr` by importing it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


def send(address: str, settings: AppriseSettings | None = None) -> Outcome:
    async def run() -> Outcome:
        channel = AppriseChannel(settings or AppriseSettings())
        try:
            return await channel.send(Message("att-1", address, "12.00 is due", "en"))
        finally:
            await channel.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "address",
    [
        "syslog://",
        "SYSLOG://local0",
        "dbus://",
        "windows://",
        "file:///etc/passwd",
        "exec://rm",
        "mailto://user:pass@example.com?pgpkey=/etc/passwd",
        "fcm://project@key/?keyfile=/etc/passwd",
        "mqtt://127.0.0.1/topic",
        "nothing",
        "",
        "json://a\r\nb",
        "json://" + "a" * 3_000,
    ],
)
def test_what_acts_here_or_is_not_http_is_refused_before_the_library_is_asked(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_module, "notify", lambda *_: pytest.fail("it was asked"))
    assert send(address) == Permanent("service_not_allowed", dead_contact=True)


def test_only_named_services_where_some_are_named() -> None:
    assert is_allowed("slack", ())
    assert is_allowed("slack", ("slack", "tgram"))
    assert not is_allowed("ntfy", ("slack", "tgram"))
    assert not is_allowed("syslog", ("syslog",))
    assert scheme_of("Slack://T/B/x") == "slack"


def test_every_service_of_the_library_that_is_not_http_is_denied() -> None:
    """A newer library may bring one more: it is looked at before it is used."""
    import apprise

    known = apprise.NotificationManager()  # type: ignore[no-untyped-call]  # the library's own
    silent = set()
    for scheme in known.schemas():  # type: ignore[no-untyped-call]  # the library's own
        modules = {each.__module__ for each in known[scheme].__mro__}
        sources = [
            inspect.getsource(sys.modules[name])
            for name in modules
            if name.startswith("apprise.plugins.") and name != "apprise.plugins.base"
        ]
        if not any("requests." in source for source in sources):
            silent.add(scheme)
    assert silent <= DENIED
    assert "syslog" in silent


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1:1/x",
        "json://localhost:1/x",
        "json://[::1]:1/x",
        "xml://169.254.169.254/latest",
        "ntfy://10.0.0.1/topic",
    ],
)
def test_a_service_in_our_own_network_is_refused(address: str) -> None:
    assert send(address) == Permanent("private_address", dead_contact=True)


def test_an_address_that_no_service_can_read_is_dead() -> None:
    assert send("nosuchservice0://x") in (
        Permanent("service_not_allowed", dead_contact=True),
        Permanent("invalid_address", dead_contact=True),
    )
    assert send("tgram://short") == Permanent("invalid_address", dead_contact=True)


def test_names_that_nobody_has_are_nobodys() -> None:
    assert not is_private("nobody.invalid")
    assert is_private("localhost")


def test_yes_is_accepted_no_is_later_and_silence_is_uncertain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_go = threading.Event()

    def answers(address: str, title: str, body: str, limits: Limits) -> Told:
        if "hang" in address:
            let_go.wait(60)
        if "breaks" in address:
            raise ValueError("as a plugin may")
        return Told.TAKEN if "good" in address else Told.NOT_TAKEN

    monkeypatch.setattr(provider_module, "notify", answers)
    short = AppriseSettings(timeout=timedelta(seconds=0.05), concurrency=1)
    assert send("json://good.example.com") == Accepted("att-1")
    assert send("json://other.example.com") == Transient("not taken")
    assert send("json://hang.example.com", short) == Uncertain("no answer: TimeoutError")
    let_go.set()
    assert send("json://breaks.example.com") == Uncertain("no answer: ValueError")


def test_what_is_prepared_before_the_fork_is_not_imported_by_a_task() -> None:
    AppriseChannel(AppriseSettings()).prepare()
    before = set(sys.modules)
    load()
    assert set(sys.modules) == before
    assert "apprise.plugins.custom_json" in sys.modules


def test_the_pay_link_is_part_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a service shows what it is given, and has no button to hang a link on."""
    bodies: list[str] = []

    def shows(address: str, title: str, body: str, limits: Limits) -> Told:
        bodies.append(body)
        return Told.TAKEN

    monkeypatch.setattr(provider_module, "notify", shows)
    plain = Message("att-1", "json://good.example.com", "12.00 is due", "en")

    async def run() -> None:
        channel = AppriseChannel(AppriseSettings())
        for message in (plain, replace(plain, link="https://pay.example.com/B-1")):
            await channel.send(message)
        await channel.close()

    asyncio.run(run())
    assert bodies == ["12.00 is due", "12.00 is due\nhttps://pay.example.com/B-1"]


def test_nobody_queues_behind_services_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    def hangs(*_: object) -> Told:
        let_go.wait(60)
        return Told.TAKEN

    monkeypatch.setattr(provider_module, "notify", hangs)

    async def run() -> tuple[Outcome, Outcome, Outcome]:
        channel = AppriseChannel(AppriseSettings(timeout=timedelta(seconds=0.05), concurrency=1))
        message = Message("att-1", "json://hooks.example.com", "x", "en")
        first, second = await channel.send(message), await channel.send(message)
        let_go.set()
        async with asyncio.timeout(60):  # the thread is free a moment after it was let go
            while (third := await channel.send(message)) != Accepted("att-1"):
                await asyncio.sleep(0.01)
        await channel.close()
        return first, second, third

    assert asyncio.run(run()) == (
        Uncertain("no answer: TimeoutError"),
        Transient("all threads busy"),
        Accepted("att-1"),
    )


def test_what_an_address_says_of_time_outs_does_not_count() -> None:
    """`cto=900` would hold a thread for a quarter of an hour."""
    limits = Limits(timeout_s=0.2, allow_private=True)
    assert notify("json://127.0.0.1:1/x?cto=900&retry=9", "t", "b", limits) is Told.NOT_TAKEN
