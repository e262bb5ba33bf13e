"""ICMP: a host must answer a ping, by the socket that needs no privilege."""

from __future__ import annotations

import socket

import icmplib
from icmplib.utils import unique_identifier

from collectors.links.answer import Talk, UnableToAsk, Unanswered
from opscentre import outbound
from opscentre.link_settings import LinkConfig

NOT_ALLOWED = (
    "this machine lets nobody ping without privilege; allow it with: "
    "sysctl -w net.ipv4.ping_group_range='0 2147483647' (in a container: on its start)"
)


def asked(link: LinkConfig) -> str:
    """What is asked of whom."""
    return f"ICMP echo {link.address}"


def ask(link: LinkConfig, talk: Talk) -> None:
    """One echo request and its reply."""
    family, _, _, _, address = outbound.resolve(link.address, None, socket.SOCK_DGRAM)[0]
    talk.transcript.address = str(address[0])
    talk.mark("resolved")
    kind = icmplib.ICMPv6Socket if family == socket.AF_INET6 else icmplib.ICMPv4Socket
    request = icmplib.ICMPRequest(str(address[0]), unique_identifier(), 0)
    try:
        with kind(privileged=False) as waiting:
            waiting.send(request)
            waiting.receive(request, talk.left()).raise_for_status()
    except icmplib.SocketPermissionError:
        raise UnableToAsk("icmp_not_allowed", NOT_ALLOWED) from None
    except icmplib.TimeoutExceeded:
        raise TimeoutError from None
    except icmplib.ICMPLibError as error:
        raise Unanswered("unreachable", f"the ping did not come through: {error}") from None
    talk.mark("answered")
