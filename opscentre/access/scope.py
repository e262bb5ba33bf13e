"""The part of the dossiers that is seen now: the queries of the store ask here, so that no page can forget to.

Commands, workers and the alerts see everything. The dashboard's gate narrows it for each request to what its caller
may see; threads and tasks that the request starts inherit that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec


class OutOfReach(Exception):
    """Something was asked that the scope of now does not hold."""


class Scope(msgspec.Struct, frozen=True):
    """Which units' dossiers are counted, and whether dossiers are told one by one."""

    #: Codes as dossiers carry them, former units included; None: every unit.
    units: tuple[str, ...] | None = None
    #: False: figures only, no dossier's number.
    dossiers: bool = True

    def sees(self, unit: str) -> bool:
        """Whether a unit's figures are seen."""
        return self.units is None or unit in self.units


EVERYTHING = Scope()
NOTHING = Scope((), False)


def demand_dossiers() -> None:
    """Raise ``OutOfReach`` where dossiers are not told one by one."""
    if not current().dossiers:
        raise OutOfReach("figures only: dossiers are not told one by one")


_now: ContextVar[Scope] = ContextVar("scope", default=EVERYTHING)


def current() -> Scope:
    """What is seen now."""
    return _now.get()


@contextmanager
def narrowed(scope: Scope) -> Iterator[None]:
    """See no more than a scope, for as long as the block lasts."""
    token = _now.set(scope)
    try:
        yield
    finally:
        _now.reset(token)
