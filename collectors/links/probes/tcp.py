"""TCP: a connection must be accepted."""

from __future__ import annotations

from collectors.links.answer import Talk
from collectors.links.connecting import connect
from collectors.links.settings import host_and_port
from opscentre.link_settings import LinkConfig


def asked(link: LinkConfig) -> str:
    """What is asked of whom."""
    return f"TCP {link.address}"


def ask(link: LinkConfig, talk: Talk) -> None:
    """Connect and hang up."""
    connect(*host_and_port(link.address), talk).close()
