"""`GET /metrics`: the system's numbers for Prometheus, read at the scrape and kept five seconds.

With `metrics_token` set a scraper shows it as a bearer token; without, only this machine may look.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from reminders.console.asgi import Receive, Refused, Scope, Send, bearer, header, reply, want_method
from reminders.services.metrics import Gauge

FRESH_S = 5.0  # two scrapers and a curious person cost the ledger one look
_CONTENT = "text/plain; version=0.0.4; charset=utf-8"
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip")


class MetricsDoor:
    """`read` blocks. Without a `token` only a client on this machine is answered."""

    def __init__(self, read: Callable[[], Sequence[Gauge]], token: str = "") -> None:
        self._read = read
        self._token = token.encode()
        self._one_at_a_time = asyncio.Lock()
        self._kept = b""
        self._read_at = -FRESH_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        want_method(scope, "GET")
        self._admit(scope)
        async with self._one_at_a_time:
            if time.monotonic() - self._read_at >= FRESH_S:
                try:
                    gauges = await asyncio.to_thread(self._read)
                except (SQLAlchemyError, RedisError, LookupError):
                    raise Refused(503, "cannot read the numbers now", retry_after="5") from None
                self._kept = rendered(gauges)
                self._read_at = time.monotonic()
        await reply(send, 200, self._kept, _CONTENT)

    def _admit(self, scope: Scope) -> None:
        if self._token:
            given = bearer(scope).encode("utf-8", "replace")
            if not hmac.compare_digest(given, self._token):
                raise Refused(401, "the scraper's token is wanted", www_authenticate="Bearer")
        elif not _local(scope):
            raise Refused(403, "only this machine may look while metrics_token is not set")


class _Read(Collector):
    """What was read, as Prometheus' library wants it."""

    def __init__(self, gauges: Sequence[Gauge]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            for labels, number in gauge.values.items():
                family.add_metric(labels, number)
            yield family
        build = GaugeMetricFamily("reminders_build_info", "The program", labels=("version",))
        build.add_metric((_version(),), 1)
        yield build


def rendered(gauges: Sequence[Gauge]) -> bytes:
    """The text format of Prometheus, from a registry of its own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(gauges))
    return generate_latest(registry)


def _local(scope: Scope) -> bool:
    """True for a client on this machine that speaks for nobody else."""
    client = scope.get("client")
    if not client or any(header(scope, name) for name in _FORWARDED):
        return False
    try:
        return ip_address(client[0]).is_loopback
    except ValueError:
        return False


def _version() -> str:
    try:
        return version("bill-reminders")
    except PackageNotFoundError:
        return "unknown"
