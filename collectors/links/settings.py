"""Addresses of links and self-checks, checked against their kind."""

from __future__ import annotations

import re

import httpx

from opscentre.link_settings import LinkConfig, SelfCheck
from opscentre.settings import SettingsError

_NAME = re.compile(r"[\w.-]{1,253}|[0-9A-Fa-f:]{2,45}")


def host_and_port(address: str) -> tuple[str, int]:
    """The two halves of ``HOST:PORT``. Raises ``ValueError``."""
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536 or "/" in host:
        raise ValueError(f"saw {address!r}; want HOST:PORT")
    return host.strip("[]"), int(port)


def require_address(entry: LinkConfig | SelfCheck, where: str) -> None:
    """Raise ``SettingsError`` when an address does not fit its kind."""
    try:
        if entry.kind == "http":
            _require_url(entry.address)
        elif entry.kind in ("tcp", "tls"):
            host_and_port(entry.address)
        elif not _NAME.fullmatch(entry.address):
            raise ValueError(f"saw {entry.address!r}; want the name of a host alone, without port or path")
    except ValueError as error:
        raise SettingsError(f"{where}, address: {error}") from None


def _require_url(address: str) -> None:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"saw {address!r}; want http://HOST/… or https://HOST/…")
    if url.userinfo:
        bare = url.copy_with(userinfo=b"")
        raise ValueError(f"saw a user or password before {bare.host}; want {bare}, a probe signs in nowhere")
