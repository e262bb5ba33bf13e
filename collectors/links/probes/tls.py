"""TLS: a connection must be accepted and a certificate shown that holds."""

from __future__ import annotations

from collectors.links.answer import Talk
from collectors.links.connecting import connect, shake_hands
from collectors.links.settings import host_and_port
from opscentre.link_settings import LinkConfig


def asked(link: LinkConfig) -> str:
    """What is asked of whom."""
    return f"TLS {link.address}"


def ask(link: LinkConfig, talk: Talk) -> None:
    """Connect, shake hands and hang up."""
    host, port = host_and_port(link.address)
    with connect(host, port, talk) as connection:
        shake_hands(connection, host, link.ca_file, talk).close()
