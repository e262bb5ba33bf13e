"""How long somebody who failed to sign in has to wait before the next attempt counts. Pure."""

from __future__ import annotations

import ipaddress

#: Failures in a row that cost nothing: of one login (or of one browser that it is known by), and from one address (an
#: office has one for many people).
FREE_LOGIN, FREE_ADDRESS = 5, 30
#: Bits of an IPv6 address that tell who asks: whoever has one has the other 64 to choose from.
_V6_BITS = 64
#: The longest wait, ms.
LONGEST = 15 * 60_000
#: Failures in a row of one login after which only an administrator opens it again (NIST SP 800-63B-4, 3.2.2).
CLOSED = 100
#: Failures are forgotten when so much time (ms) has passed without one.
FORGOTTEN = 24 * 3_600_000


def wait(failures: int, last_at: int, now: int, free: int) -> int | None:
    """The ms still to wait: 0 none, doubling with each failure; None: for good."""
    if free == FREE_LOGIN and failures >= CLOSED:
        return None
    if failures < free or now - last_at > FORGOTTEN:
        return 0
    # Beyond the twentieth doubling it is the longest anyway.
    return max(0, last_at + min(LONGEST, 1_000 * 2 ** min(20, failures - free)) - now)


def asker(address: str) -> str:
    """Who an address is counted as: itself; of IPv6 the network that one line is given; IPv4 however it is written."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _V6_BITS), strict=False))
