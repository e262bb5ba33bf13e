"""Whom the audit log names for what is done through the pages."""

from __future__ import annotations

from dashboard.gate import caller
from opscentre.access.people import Person


def who() -> str:
    """The login of the person that is being answered now, or the screen; ``nobody`` outside of a request."""
    found = caller()
    if isinstance(found, Person):
        return found.login
    return "nobody" if found is None else f"screen:{found.code}"
