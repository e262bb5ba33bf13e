"""Settings of a probe: ``[[link]]`` and ``[self_check]`` of ``links.toml``, their addresses checked."""

from __future__ import annotations

from opscentre.settings import SettingsError
from opscentre.sources import LinkConfig, SelfCheck


def host_and_port(address: str) -> tuple[str, int]:
    """The two halves of ``HOST:PORT``. Raises ``ValueError``."""
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"saw {address!r}; want HOST:PORT")
    return host.strip("[]"), int(port)


def require_address(entry: LinkConfig | SelfCheck, where: str) -> None:
    """Raise ``SettingsError`` when an address does not fit its kind."""
    if entry.kind == "http":
        if not entry.address.startswith(("http://", "https://")):
            raise SettingsError(f"{where}, address: saw {entry.address!r}; want http://HOST/… or https://HOST/…")
        return
    try:
        host_and_port(entry.address)
    except ValueError as error:
        raise SettingsError(f"{where}, address: {error}") from None
