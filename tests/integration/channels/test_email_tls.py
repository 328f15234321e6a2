"""STARTTLS against a relay with a certificate of its own authority."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.email.smtp import EmailChannel, EmailSettings, Tls
from reminders.domain.outcome import Accepted, Outcome, Transient
from tests.contract.carriers import ended, message

_REPLIES = (b"235 2.7.0 hi", b"250 ok", b"250 ok", b"354 go", b"250 queued as 9", b"221 bye")


def certificate(folder: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "relay.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


async def outcome_with(
    pem: Path, ca_file: str, slipped_in: bytes = b""
) -> tuple[Outcome, list[bytes]]:
    """Send one mail to a relay that says STARTTLS; the outcome, and what came in the clear.

    `slipped_in` follows the last reply in the clear, as somebody in between may write it.
    """
    clear: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(b"220 hi\r\n")
            clear.append(await reader.readuntil(b"\r\n"))
            writer.write(b"250-hi\r\n250 STARTTLS\r\n")
            clear.append(await reader.readuntil(b"\r\n"))
            writer.write(b"220 go on\r\n" + slipped_in)
            await writer.drain()
            await writer.start_tls(context)
            await reader.readuntil(b"\r\n")
            writer.write(b"250-hi\r\n250 AUTH PLAIN\r\n")
            for reply in _REPLIES:
                end = b"\r\n.\r\n" if b"queued" in reply else b"\r\n"
                await reader.readuntil(end)
                writer.write(reply + b"\r\n")
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    channel = EmailChannel(
        replace(
            EmailSettings("127.0.0.1", 0, "bills@lender.example.com", "unused", tls=Tls.STARTTLS),
            port=server.sockets[0].getsockname()[1],
            username="lender",
            password="invented",  # noqa: S106  # an invented value
            ca_file=ca_file,
            timeout=timedelta(seconds=10),
        )
    )
    try:
        return await channel.send(message("li@deliver.example.com")), clear
    finally:
        await channel.close()
        await ended(server)


def test_logs_in_and_delivers_over_tls(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    outcome, clear = asyncio.run(outcome_with(pem, str(pem)))
    assert outcome == Accepted("queued as 9")
    assert [line[:4] for line in clear] == [b"EHLO", b"STAR"]


def test_a_relay_that_nobody_vouches_for_gets_no_password(tmp_path: Path) -> None:
    outcome, clear = asyncio.run(outcome_with(certificate(tmp_path), ""))
    assert isinstance(outcome, Transient)
    assert not any(b"AUTH" in line for line in clear)


def test_nothing_that_was_said_before_tls_counts_as_said_under_it(tmp_path: Path) -> None:
    """Replies slipped in before the handshake would each stand for the next command's."""
    pem = certificate(tmp_path)
    slipped_in = b"250-hi\r\n250 AUTH PLAIN\r\n235 hi\r\n"
    outcome, _ = asyncio.run(outcome_with(pem, str(pem), slipped_in))
    assert outcome == Transient("connect: SmtpGarbled")


async def outcome_over_implicit_tls(pem: Path, ca_file: str) -> Outcome:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(b"220 hi\r\n")
            for reply in (b"250-hi\r\n250 AUTH PLAIN", *_REPLIES):
                await reader.readuntil(b"\r\n.\r\n" if b"queued" in reply else b"\r\n")
                writer.write(reply + b"\r\n")
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
    channel = EmailChannel(
        EmailSettings(
            "127.0.0.1",
            server.sockets[0].getsockname()[1],
            "bills@lender.example.com",
            "unused",
            tls=Tls.IMPLICIT,
            username="lender",
            password="invented",  # noqa: S106  # an invented value
            ca_file=ca_file,
            timeout=timedelta(seconds=10),
        )
    )
    try:
        return await channel.send(message("li@deliver.example.com"))
    finally:
        await channel.close()
        await ended(server)


def test_a_line_that_is_private_from_its_first_byte(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    assert asyncio.run(outcome_over_implicit_tls(pem, str(pem))) == Accepted("queued as 9")
    assert isinstance(asyncio.run(outcome_over_implicit_tls(pem, "")), Transient)
