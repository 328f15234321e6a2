"""One notification by the Apprise library, in a thread: it blocks, and takes long to import."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from channels.apprise.services import is_private

# Their lines hold whole payloads and addresses: what is worth knowing is in the outcome.
for _name in ("apprise", "urllib3.connectionpool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Told(StrEnum):
    """What the library said."""

    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    NO_SERVICE = "no_service"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one notification. `timeout_s`: of its connection, and of each wait for an answer."""

    timeout_s: float
    allow_private: bool


def load() -> None:
    """Import the library and every service that it knows, once: seconds."""
    import apprise

    apprise.NotificationManager().schemas()  # type: ignore[no-untyped-call]  # the library's own


def notify(address: str, title: str, body: str, limits: Limits) -> Told:
    """Blocks. Nothing is attached, no redirect is followed, nothing is tried twice, and what the
    address says of such things does not count."""
    import apprise

    asset = apprise.AppriseAsset(
        plugin_paths=[], storage_mode=apprise.PersistentStoreMode.MEMORY, secure_logging=True
    )
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        return Told.NO_SERVICE
    if not limits.allow_private and _own_host(service) and is_private(service.host):
        return Told.PRIVATE
    service.redirects = False
    service.retry = 0
    service.socket_connect_timeout = service.socket_read_timeout = limits.timeout_s
    taken = service.notify(body=body, title=title, notify_type=apprise.NotifyType.INFO)
    return Told.TAKEN if taken else Told.NOT_TAKEN


def _own_host(service: Any) -> bool:  # Any: one of the library's plugins
    """Whether the address names a host. In others the same place holds a token, which must not
    be looked up as a name."""
    return any("{host}" in template for template in service.templates)
