"""Keeps messages to addresses that customers chose off our own network (SSRF, OWASP A10:2021).

A name is looked up once, by the connection itself, and what it found is checked before a socket is
opened: an answer that changes between a check and a call (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from channels.errors import AddressRefused

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """True if anybody on the internet reaches it: not private, loopback, link-local, shared,
    reserved or multicast, nor an IPv6 form of such an IPv4 address."""
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def is_private_literal(host: str) -> bool:
    """True for an address in figures, in whatever notation (127.1), that is not public. A name is
    looked up by the connection and checked then."""
    figures = host.strip("[]").partition("%")[0]
    try:
        return not is_public(ip_address(figures))
    except ValueError:
        pass
    try:
        return not is_public(IPv4Address(socket.inet_aton(figures)))
    except OSError:
        return False


class PublicResolver(AbstractResolver):
    """Looks names up in a thread; keeps what is public, and refuses what has nothing else."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self._allow_private = allow_private
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises `AddressRefused`."""
        found = await self._inner.resolve(host, port, family)
        if self._allow_private:
            return found
        public = [each for each in found if not is_private_literal(each["host"])]
        if not public:
            raise AddressRefused("private_address")
        return public

    async def close(self) -> None:
        await self._inner.close()
