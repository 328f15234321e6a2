"""SMTP against a server that others wrote (npm `smtp-server`): greylisting first, then the mail."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_string, policy
from pathlib import Path

import pytest

from channels.email.smtp import EmailChannel, EmailSettings
from channels.email.smtp.errors import GREYLISTED_FOR
from channels.email.verp import Verp
from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient
from tests.contract.carriers import message

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules" / "smtp-server").exists(),
    reason="needs Node.js, and `npm ci` in tests/integration/foreign",
)
VERP = Verp("bounces.lender.example.com", "key")


@contextmanager
def server(mode: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    process = subprocess.Popen(  # noqa: S603 - our own script
        [str(NODE), str(HERE / "mail_server.mjs"), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield int(json.loads(process.stdout.readline())["port"]), process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("mode", ["pipelined", "stepwise"])
def test_greylisted_first_then_taken_once_each(mode: str) -> None:
    """Ten mails over two connections, each twice, and one to nobody between them."""
    sent = [message(f"li{number}@example.com", text=f"a\n.b\n{number}") for number in range(10)]

    async def scene(port: int) -> tuple[list[Outcome], Outcome, list[Outcome]]:
        channel = EmailChannel(
            EmailSettings(
                "127.0.0.1",
                port,
                "bills@lender.example.com",
                "secret",
                verp_key=VERP.key,
                bounce_domain=VERP.domain,
                concurrency=2,
                timeout=timedelta(seconds=60),
            )
        )
        try:
            first = await asyncio.gather(*(channel.send(each) for each in sent))
            nobody = await channel.send(message("nobody@example.com"))
            return first, nobody, await asyncio.gather(*(channel.send(each) for each in sent))
        finally:
            await channel.close()

    with server(mode) as (port, process):
        first, nobody, second = asyncio.run(scene(port))
        taken, _ = process.communicate(timeout=60)

    assert first == [Transient("greylisted at rcpt", GREYLISTED_FOR)] * 10
    assert nobody == Permanent("no_such_mailbox", dead_contact=True)
    assert all(isinstance(outcome, Accepted) for outcome in second)
    mails = {found["to"][0]: found for found in map(json.loads, taken.splitlines())}
    assert len(taken.splitlines()) == len(mails) == 10
    for each in sent:
        found = mails[each.address]
        assert VERP.read(found["from"]) == each.idempotency_key
        mail = message_from_string(found["mail"], policy=policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        assert body.get_content().replace("\r\n", "\n") == each.text
