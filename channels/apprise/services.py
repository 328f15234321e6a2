"""Which of Apprise's services an address may name.

An address comes from outside. Denied is what acts on our own machine, what speaks anything but
HTTP (its sockets are bounded by nobody), and what reads files that an address may name. Source:
the plugins of apprise 2.2; a test goes through those that are installed.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from typing import Final

from channels.public_hosts import is_private_literal

# What acts on our own machine: desktop notices, devices, files, programs.
LOCAL: Final = frozenset(
    {"blink1", "dbus", "exec", "file", "gio", "glib", "gnome", "kde", "macosx", "qt"}
    | {"syslog", "windows"}
)
NOT_HTTP: Final = frozenset(
    {"amqp", "amqps", "aprs", "deltachat", "deltachats", "growl", "irc", "ircs", "mailto"}
    | {"mailtos", "mqtt", "mqtts", "rsyslog", "smpp", "smpps", "xmpp", "xmpps"}
)
READS_FILES: Final = frozenset(("fcm", "vapid"))  # keyfile=, subfile=
DENIED: Final = LOCAL | NOT_HTTP | READS_FILES
_SCHEME = re.compile(r"([a-z0-9]{2,12})://", re.IGNORECASE)
_LONGEST = 2_000


def scheme_of(address: str) -> str:
    """The service that an address names, "" where it can be none."""
    plain = len(address) <= _LONGEST and address.isprintable()
    found = _SCHEME.match(address) if plain else None
    return found[1].lower() if found else ""


def is_allowed(scheme: str, only: Sequence[str]) -> bool:
    """Whether messages may go by this service."""
    return bool(scheme) and scheme not in DENIED and (not only or scheme in only)


def is_private(host: str) -> bool:
    """Whether a service of the customer's own (json://host, ntfy://host …) is in our network.
    Blocks while the name is looked up; one that is not found is nobody's."""
    if is_private_literal(host):
        return True
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(is_private_literal(str(each[4][0])) for each in found)
