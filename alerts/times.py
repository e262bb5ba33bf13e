"""The two times of a look at the world: the product's, which a demo simulates, and the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


def _same(moment: int) -> int:
    return moment


class Times(NamedTuple):
    """One moment on both clocks, in epoch milliseconds."""

    #: The product's time, simulated in a demo: deadlines, working hours, what is due to be told.
    now: int
    #: Real time: ages of sources and links, leases, pauses between attempts.
    wall: int
    #: The product's time at a real moment: what pages and mails tell. Where nothing is simulated both are the same.
    product: Callable[[int], int] = _same
