"""People and devices that ask something of the product: what they are, and of which units."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody is to the operations centre; what follows from it stands in ``opscentre.access.rights``."""

    #: Aggregates of the province, no dossier.
    viewer = "viewer"
    #: Its own units and their dossiers, nothing of others.
    department = "department"
    #: The whole province, down to the dossier.
    leader = "leader"
    #: Runs the room: alerts, silences, walls.
    operator = "operator"
    #: Everything, people included.
    administrator = "administrator"


#: The login of whoever sits at a machine where nobody signs in, and of those who come to it through a proxy.
LOCAL, VISITOR = "local", "visitor"
#: Logins that are nobody's to have: with one of these somebody would pass for whoever did not sign in.
RESERVED = frozenset({LOCAL, VISITOR, "nobody"})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signed in, or who sits at a machine where nobody has to."""

    login: str
    #: As it stands in notes and in the audit.
    name: str
    role: Role
    #: Codes of the units that this person sees; None: the whole province.
    units: frozenset[str] | None = None
    #: False: looks only, whatever the role may do (who came through a proxy that nobody has to sign in to).
    writes: bool = True


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A screen that was paired: shows the wall, belongs to nobody and writes nothing."""

    code: str
    name: str
    #: Whether dossiers' numbers are shown on it.
    dossiers: bool = False


#: Whoever a request comes from.
Caller = Person | Device


def signed_in(caller: Caller | None) -> Person | None:
    """The person who said who they are; None: a device, or whoever comes where nobody has to."""
    return caller if isinstance(caller, Person) and caller.login not in (LOCAL, VISITOR) else None
