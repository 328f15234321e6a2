"""Commands that tell stories ask the console where there is one, and import nearly nothing then."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.asking import Console, console
from reminders.cli.asking import FORM, FORM_HEADER, SECRETS, STATE, ask
from reminders.servers import development, state
from tests.integration.channels.test_email_tls import certificate
from tests.unit.cli.test_lazy import HEAVY

# What a console tells needs none of these; the second line is Python's own.
SLOW = (
    *(*HEAVY, "psycopg", "psutil", "rich", "typer", "click", "babel", "cryptography", "yaml"),
    *("asyncio", "http.client", "email", "ssl", "inspect", "dataclasses", "logging", "uuid"),
)

DOCUMENT = {
    "bill": "B-1",
    "customer": "C-1",
    "time_zone": "Asia/Taipei",
    "title": "Bill B-1 of C-1: 1,234.00 TWD",
    "as_of": None,
    "tier": "R1",
    "points": 20,
    "points_from": [{"fact": "no bill has fallen due yet", "points": 20}],
    "stages": [],
}


@dataclass
class Answering:
    """What a console answers, and what it was asked."""

    status: int = 200
    body: object = field(default_factory=lambda: [DOCUMENT])  # bytes as they are, else as JSON
    reason: str | None = None  # of the status; None: the usual one
    form: str = FORM
    longer: int = 0  # than what comes: bytes that it promises
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def answering() -> Iterator[Answering]:
    told = Answering()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, self.headers["Authorization"]))
            raw = told.body
            body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
            self.send_response(told.status, told.reason)
            self.send_header(FORM_HEADER, told.form)
            self.send_header("content-length", str(len(body) + told.longer))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # Any: as its parent has it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield told
        server.shutdown()
        thread.join(5)


@pytest.fixture
def named(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> Answering:
    monkeypatch.setenv("REMINDERS_ASK_URL", answering.url)
    monkeypatch.setenv("REMINDERS_ASK_TOKEN", "lin-token")
    return answering


def test_it_asks_with_the_token_and_what_was_given(named: Answering, tmp_path: Path) -> None:
    query = {"stage": "d-3", "at": "2026-03-20T10:00:00+08:00", "customer": ""}
    assert ask("explain", "B/1", query, tmp_path) == [DOCUMENT]
    target = "/v1/explain/B%2F1?stage=d-3&at=2026-03-20T10%3A00%3A00%2B08%3A00"
    assert named.asked == [(target, "Bearer lin-token")]


@pytest.mark.parametrize("status", [404, 422])
def test_what_the_console_refuses_is_bad_input(
    named: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    named.status, named.body = status, {"error": "no bill is called B-9"}
    with pytest.raises(SystemExit) as ended:
        ask("explain", "B-9", {}, tmp_path)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: no bill is called B-9\n"


@pytest.mark.parametrize(
    ("status", "form", "why"),
    [
        (401, FORM, "401 Unauthorized"),
        (503, FORM, "503 Service Unavailable"),
        (404, "", "in another form"),  # a console without this door, or a proxy
        (200, "other", "in another form"),
    ],
)
def test_without_an_answer_the_ledger_is_read_and_that_is_said(
    named: Answering,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    status: int,
    form: str,
    why: str,
) -> None:
    named.status, named.form = status, form
    assert ask("timeline", "B-1", {}, tmp_path) is None
    note = capsys.readouterr().err
    assert why in note
    assert "reading the ledger" in note
    assert "lin-token" not in note


def test_a_console_that_is_down_or_no_address_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in (
        *("http://127.0.0.1:1", "http://127.0.0.1:x", "nonsense", "http://[::1"),
        *("ftp://127.0.0.1", "http://127.0.0.1/a b"),
    ):
        monkeypatch.setenv("REMINDERS_ASK_URL", url)
        assert ask("explain", "B-1", {}, tmp_path) is None
        assert "reading the ledger" in capsys.readouterr().err


def test_a_token_that_no_header_can_hold_is_not_shown(
    named: Answering,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REMINDERS_ASK_TOKEN", "lin-token\nold-token")
    assert ask("explain", "B-1", {}, tmp_path) is None
    note = capsys.readouterr().err
    assert "reading the ledger" in note
    assert "-token" not in note


def folder(at: Path, url: str, pid: int) -> None:
    (at / STATE).write_text(json.dumps({"pid": pid, "urls": {"http": url}}))
    (at / SECRETS).write_text(json.dumps({"operator_token": "drawn"}))


def test_the_system_of_a_folder_is_asked_where_the_environment_names_no_ledger(
    answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "REMINDERS_ASK_URL"):
        monkeypatch.delenv(name, raising=False)
    assert ask("explain", "B-1", {}, tmp_path) is None
    folder(tmp_path, answering.url, os.getpid())
    assert ask("explain", "B-1", {}, tmp_path) == [DOCUMENT]
    assert answering.asked == [("/v1/explain/B-1", "Bearer drawn")]
    monkeypatch.setenv("DATABASE_URL", "postgresql://other")
    assert ask("explain", "B-1", {}, tmp_path) is None
    assert len(answering.asked) == 1


def test_a_folder_whose_system_ended_is_not_asked(
    answering: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "REMINDERS_ASK_URL"):
        monkeypatch.delenv(name, raising=False)

    def gone(pid: int, signal: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", gone)
    folder(tmp_path, answering.url, 1)
    assert ask("explain", "B-1", {}, tmp_path) is None
    assert (answering.asked, capsys.readouterr().err) == ([], "")


def test_the_files_of_a_folder_are_those_that_a_system_writes(tmp_path: Path) -> None:
    assert (STATE, SECRETS) == (state.STATE, development.SECRETS)
    assert "operator_token" in development.load_secrets(tmp_path)


def test_a_token_may_be_given_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from-file\n")
    monkeypatch.setenv("REMINDERS_ASK_URL", "https://console.example.com/")
    monkeypatch.setenv("REMINDERS_ASK_TOKEN_FILE", str(tmp_path / "token"))
    found = console()
    assert found == Console("https://console.example.com", "from-file")
    assert "from-file" not in repr(found)


@pytest.mark.parametrize(
    "words",
    [("explain", "B-1"), ("explain", "B-1", "--stage", "d-3", "--json", "--data", "elsewhere")],
)
def test_a_command_that_asks_imports_no_library_that_takes_long(
    answering: Answering, words: tuple[str, ...]
) -> None:
    """S3: `explain` answers within 200 ms, most of which imports would take."""
    script = (
        f"import sys\nsys.argv = ['reminders', *{words}]\n"
        "from reminders.cli.main import run\nrun()\n"
        f"print(*[name for name in {SLOW} if name in sys.modules], file=sys.stderr)\n"
    )
    env = {**os.environ, "REMINDERS_ASK_URL": answering.url, "REMINDERS_ASK_TOKEN": "t"}
    done = subprocess.run(  # noqa: S603  (our own interpreter and code)
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env
    )
    assert "B-1" in done.stdout
    assert done.stderr.split() == []


def test_an_answer_that_broke_off_is_none(
    named: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named.longer = 1
    assert ask("explain", "B-1", {}, tmp_path) is None
    assert "it broke off" in capsys.readouterr().err


def test_an_answer_nested_without_end_is_none(
    named: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named.body = b"[" * 100_000
    assert ask("explain", "B-1", {}, tmp_path) is None
    assert "reading the ledger" in capsys.readouterr().err


def test_what_a_console_says_does_nothing_to_a_terminal(
    named: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named.status, named.reason = 500, "\x1b[2JGone"
    assert ask("explain", "B-1", {}, tmp_path) is None
    assert "(500 [2JGone)" in capsys.readouterr().err


def test_an_address_that_encrypts_is_not_asked_in_clear(
    named: Answering,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REMINDERS_ASK_URL", named.url.replace("http:", "https:"))
    assert ask("explain", "B-1", {}, tmp_path) is None
    assert "reading the ledger" in capsys.readouterr().err
    assert named.asked == []


@contextmanager
def dripping(tls: ssl.SSLContext | None) -> Iterator[str]:
    """A console that says a byte now and then, and never ends."""
    ended = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            connection = listener.accept()[0]
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nx-drip: ")
                while not ended.wait(0.02):
                    connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        ended.set()
        thread.join(5)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_console_that_drips_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    encrypted: bool,
) -> None:
    context = None
    if encrypted:
        pem = certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
    monkeypatch.setattr("reminders.cli.asking._WITHIN_S", 0.5)
    with dripping(context) as url:
        monkeypatch.setenv("REMINDERS_ASK_URL", url)
        began = time.monotonic()
        assert ask("explain", "B-1", {}, tmp_path) is None
        assert time.monotonic() - began < 20
    assert "(none within 0.5 s): reading the ledger" in capsys.readouterr().err


@pytest.mark.parametrize("chunked", [False, True])
def test_an_encrypted_answer_is_read_in_either_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chunked: bool
) -> None:
    pem = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    body = json.dumps([DOCUMENT]).encode()
    how = b"transfer-encoding: chunked" if chunked else b"content-length: %d" % len(body)
    told = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    asked: list[bytes] = []

    def answer() -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
            asked.append(connection.recv(65_536))
            head = f"HTTP/1.1 200 OK\r\n{FORM_HEADER}: {FORM}\r\n".encode()
            connection.sendall(head + how + b"\r\n\r\n" + told)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        monkeypatch.setenv("REMINDERS_ASK_URL", f"https://127.0.0.1:{port}")
        monkeypatch.setenv("REMINDERS_ASK_TOKEN", "lin-token")
        assert ask("timeline", "B-1", {}, tmp_path) == [DOCUMENT]
        thread.join(5)
    head = f"GET /v1/timeline/B-1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    assert asked[0].startswith(f"{head}Authorization: Bearer lin-token\r\n".encode())
