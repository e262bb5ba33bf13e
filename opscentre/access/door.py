"""From where the dashboard may be reached: by others only where they have to sign in. Pure."""

from __future__ import annotations

import ipaddress

from opscentre.settings import Settings, SettingsError


def is_loopback(host: str | None) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return False


def check_door(settings: Settings) -> None:
    """Refuse to serve everybody to everybody. Raises ``SettingsError``."""
    if settings.sign_in == "required":
        return
    listens = {"OPSCENTRE_HOST": settings.host}
    if settings.tls_listen:
        listens["OPSCENTRE_TLS_LISTEN"] = settings.tls_listen.rpartition(":")[0] or "127.0.0.1"
    for name, host in listens.items():
        if not is_loopback(host):
            raise SettingsError(
                f"{name}={host} can be reached from other machines, and OPSCENTRE_SIGN_IN=off lets everybody in: set "
                "OPSCENTRE_SIGN_IN=required and add an administrator ('opscentre user add LOGIN --role "
                f"administrator'), or let {name} be 127.0.0.1"
            )
