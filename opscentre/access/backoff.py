"""How long somebody who failed to sign in has to wait before the next attempt counts. Pure."""

from __future__ import annotations

#: Failures in a row that cost nothing: of one login, and from one address (an office has one for many people).
FREE_LOGIN, FREE_ADDRESS = 5, 30
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
