"""A database that does not answer, told in one line: what a command that needs it ends with."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError

#: States of SQL that a server names when it is there and lets nobody in yet, or us not: starting or stopping, no such
#: database, no such user, another password, too many connections.
_SHUT = ("57P01", "57P02", "57P03", "3D000", "28000", "28P01", "53300")


def told(error: Exception) -> str | None:
    """What a person is told of a database that does not answer; None: the error is another one."""
    if isinstance(error, OperationalError) and _database_is_away(error):
        why = " ".join(str(error.orig).split())
        return f"the database does not answer: {why}; see that it runs and that OPSCENTRE_DATABASE names it"
    return None


def _database_is_away(error: OperationalError) -> bool:
    if type(error.orig).__module__.startswith("sqlite3"):
        return "unable to open database file" in str(error.orig)
    # Without a state no server was heard.
    return getattr(error.orig, "sqlstate", None) in (None, *_SHUT)
