"""Where this product never connects to, whoever names it: addresses of machines' own affairs, and a profile's own list.

What is judged is the address that is then connected to, not the name: a name that leads elsewhere a second later
(DNS rebinding) gains nothing by it.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from opscentre.profile import Profile

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Link-local addresses, among them 169.254.169.254 where clouds hand out their machines' keys, that of other clouds,
#: "this host", and what is no single host.
ALWAYS: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "224.0.0.0/4", "255.255.255.255/32",
         "::/128", "fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128", "ff00::/8"),
    )
)  # fmt: skip
#: Where an IPv4 address stands within an IPv6 one: prefix and the bits to its right.
_WITHIN = ((ipaddress.IPv6Network("64:ff9b::/96"), 0), (ipaddress.IPv6Network("2002::/16"), 80))

_forbidden: tuple[Network, ...] = ()


class Forbidden(OSError):
    """An address that is never connected to; the text names it and the network it is forbidden by."""


def heed(profile: Profile) -> Profile:
    """Forbid this process, from now on, the networks that the profile forbids; the profile itself."""
    global _forbidden
    _forbidden = tuple(map(ipaddress.ip_network, profile.province.forbidden_networks))
    return profile


def require_allowed(address: str, name: str = "") -> None:
    """Raise ``Forbidden`` where an address may not be connected to; ``name`` is what led there."""
    for one in _meant(ipaddress.ip_address(address.partition("%")[0])):
        for network in (*ALWAYS, *_forbidden):
            if one.version == network.version and one in network:
                led = f"{name} leads to {address}" if name and name != address else address
                told = "of the profile's forbidden_networks" if network in _forbidden else "never asked"
                raise Forbidden(f"{led}, which lies in {network}, {told}")


def resolve(host: str, port: int | None, kind: int = socket.SOCK_STREAM) -> list[tuple[Any, ...]]:
    """As ``socket.getaddrinfo``; one forbidden address forbids the name. Raises ``Forbidden`` and ``OSError``."""
    found: list[tuple[Any, ...]] = list(socket.getaddrinfo(host, port, type=kind))
    for *_, address in found:
        require_allowed(str(address[0]), host)
    return found


def transport(**given: Any) -> httpx.HTTPTransport:
    """A transport of httpx that connects to allowed addresses only; ``given`` as ``httpx.HTTPTransport`` takes it."""
    made = httpx.HTTPTransport(**given)
    # httpx has no argument for it; a test asks for a forbidden address.
    made._pool._network_backend = _Backend()
    return made


class _Backend(httpcore.SyncBackend):
    """Connects to the very addresses that were judged."""

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """The first of the host's addresses that takes a connection. Raises httpcore's own errors."""
        try:
            found = resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for *_, address in found:
            try:
                return super().connect_tcp(str(address[0]), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


def _meant(address: Address) -> list[Address]:
    """An address, and the IPv4 address that it is another way of writing or leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    within = [ipaddress.IPv4Address((int(address) >> bits) & 0xFFFFFFFF) for net, bits in _WITHIN if address in net]
    return [address, *within]
