"""`python -m channels.sandbox`: the carrier simulator as a process; stops on SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import cast

from channels.sandbox.line import LINES
from channels.sandbox.sandbox import Sandbox, SandboxSettings, Secrets
from channels.sandbox.scripts import DELAYS


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where there is one: it has no wheel for Windows."""
    try:
        return cast(Callable[[], asyncio.AbstractEventLoop], import_module("uvloop").new_event_loop)
    except ImportError:
        return None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _delays(text: str) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=float(part)) for part in text.split(","))


def _line(text: str) -> tuple[str, str, int]:
    adapter, _, rest = text.partition("=")
    name, _, port = rest.partition(":")
    if adapter not in LINES or not name or not (port or "0").isdecimal():
        raise argparse.ArgumentTypeError(
            f"want ADAPTER=NAME or ADAPTER=NAME:PORT with one of {', '.join(LINES)}"
        )
    return adapter, name, int(port or 0)


def _batch(text: str) -> int:
    size = int(text)
    if not 1 <= size <= 100:
        raise argparse.ArgumentTypeError("a receipt batch has 1 to 100 receipts")
    return size


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m channels.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of logs and sandbox.json")
    parser.add_argument("--receipts-url", required=True, help="receipts go to URL/PROVIDER")
    parser.add_argument("--clock", choices=("virtual", "machine"), default="machine")
    parser.add_argument("--now", type=_instant, help="first instant of a virtual clock (ISO 8601)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sms-port", type=int, default=0)
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--sms-name", default="sms", help="the SMS provider's name in the URL")
    parser.add_argument("--email-name", default="email", help="the mail provider's name")
    parser.add_argument("--receipt-batch", type=_batch, default=100, help="1: one a POST")
    parser.add_argument("--delays", type=_delays, default=DELAYS, help="seconds, by commas")
    parser.add_argument(
        "--line",
        type=_line,
        action="append",
        default=[],
        metavar="ADAPTER=NAME[:PORT]",
        help="one more simulated provider; again for each",
    )
    parser.add_argument("--secrets", type=Path, help="JSON file; what it lacks is drawn at random")
    return parser


def settings_from(arguments: Sequence[str] | None = None) -> SandboxSettings:
    """The settings that a command line asks for."""
    options = _parser().parse_args(arguments)
    start = (options.now or datetime.now(UTC)) if options.clock == "virtual" else None
    given = json.loads(options.secrets.read_text()) if options.secrets else {}
    names = Secrets.__dataclass_fields__
    return SandboxSettings(
        data=options.data,
        receipts_url=options.receipts_url,
        start=start,
        seed=options.seed,
        sms_port=options.sms_port,
        smtp_port=options.smtp_port,
        control_port=options.control_port,
        sms_name=options.sms_name,
        email_name=options.email_name,
        receipt_batch=options.receipt_batch,
        delays=options.delays,
        lines=tuple((adapter, name) for adapter, name, _ in options.line),
        line_ports={name: port for _, name, port in options.line if port},
        secrets=Secrets(**{name: value for name, value in given.items() if name in names}),
    )


async def _run(settings: SandboxSettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sandbox = Sandbox(settings)
    try:
        await sandbox.start()
        await stop.wait()
    finally:
        await sandbox.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(settings_from()))
