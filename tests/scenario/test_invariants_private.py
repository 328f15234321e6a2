"""I10: addresses, names and texts stay where they are encrypted; nothing else ever shows them."""

from __future__ import annotations

import contextlib
import logging
import zlib
from datetime import timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from reminders.domain.outcome import Accepted, Outcome, Permanent, Transient, Uncertain
from reminders.ledger.cipher import KeyRing
from tests.scenario.world import START, World, tables

CANARIES = ("+8616177712345", "16177712345", "canary.mail", "Canary Person")
ANSWERS: tuple[Outcome, ...] = (
    Accepted("ref"),
    Permanent("no such number", dead_contact=True),
    Transient("busy"),
    Uncertain("timed out"),
)


def leaks(seen: list[bytes]) -> list[str]:
    """The canaries that can be read in any of these, packed or not."""
    found = []
    for each in seen:
        texts = [each]
        with contextlib.suppress(zlib.error):
            texts.append(zlib.decompress(each))
        found += [name for name in CANARIES for text in texts if name.encode() in text]
    return found


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def columns(world: World) -> list[bytes]:
    """Every value of every row of every table."""
    seen: list[bytes] = []
    with world.engine.connect() as connection:
        for table in tables(connection):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608
            seen += [_bytes(value) for row in rows for value in row]
    return seen


def live(world: World, answer: Outcome) -> None:
    """A bill of somebody whose every word is a canary, to its end, with receipts and faults."""
    world.sms.script = world.email.script = lambda _: answer
    points = [
        {"channel": "sms", "address": CANARIES[0]},
        {"channel": "email", "address": "canary.mail@example.com"},
        {"channel": "in_app"},
    ]
    world.customer(contact_points=points, name="Canary Person")
    world.bill()
    world.run_until(START + timedelta(days=9))
    world.opt_out("sms")
    world.tell("contact.changed", {"channel": "sms", "address": "not a number +8616177712345"})
    world.run_until(START + timedelta(days=25))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_no_table_and_no_log_shows_whom_or_what(
    world: World, answer: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as entries, caplog.at_level(logging.DEBUG):
        live(world, answer)
    assert entries
    assert leaks(columns(world)) == []
    assert leaks([repr(entries).encode(), caplog.text.encode()]) == []
    sent = [each.message for each in (*world.sms.sent, *world.email.sent)]
    assert sent, "somebody must have been written to, or nothing was at stake"
    texts = {line for each in sent for line in each.text.splitlines() if len(line) > 30}
    stored = columns(world)
    assert [text for text in texts if any(text.encode() in value for value in stored)] == []


def test_a_text_kept_in_the_clear_would_be_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ring broken: what it seals, it writes down."""
    found = KeyRing.seal

    def seal(ring: KeyRing, clear: str | bytes) -> Any:  # Any: a Sealed, or what it has become
        sealed = found(ring, clear)
        data = clear.encode() if isinstance(clear, str) else clear
        return type(sealed)(sealed.key_id, data)

    monkeypatch.setattr(KeyRing, "seal", seal)
    monkeypatch.setattr(KeyRing, "open", lambda ring, key_id, ciphertext: bytes(ciphertext))
    live(world, ANSWERS[0])
    assert leaks(columns(world))


def test_a_log_that_names_an_address_would_be_seen() -> None:
    with capture_logs() as entries:
        structlog.get_logger("story").info("sent", to=CANARIES[0])
    assert leaks([repr(entries).encode()])
