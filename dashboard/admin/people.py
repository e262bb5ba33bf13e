"""``/admin/people``: who may sign in, as what and for which units; passwords, disabling, sessions."""

from __future__ import annotations

import msgspec

from dashboard.admin.room import Asked, Done, Refused, Room, Values, note
from opscentre.access import passwords
from opscentre.access.people import Person, Role
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.store import people, sessions
from opscentre.store.people import Known, LoginTaken

NAME = "people"
RIGHT = Action.administer_people


def values(room: Room, asked: Asked) -> Values:
    """Everybody, by login, and who is signed in."""
    units = room.profile.units
    return {
        "everybody": people.everybody(room.store),
        "sessions": sessions.of(room.store, sessions.limits_of(room.settings), wall_ms()),
        "roles": list(Role),
        "unit_name": lambda code: units[code].name,
        "signs_in": room.settings.sign_in == "required",
        "shortest": passwords.SHORTEST,
    }


def add(room: Room, asked: Asked) -> Done:
    """Add somebody, with a password to begin with."""
    login = people.spelt(asked.field("login", 200))
    if not people.is_login(login):
        raise Refused(asked.words("people.login.wanted"))
    role = _role(asked)
    person = Person(login=login, name=asked.field("name", 100) or login, role=role, units=_units(room, asked, role))
    kept = _password(room, asked, person)
    try:
        with room.writing() as connection:
            people.add(connection, person, kept, wall_ms())
            note(connection, "person.add", f"person:{login}", **_told(person))
    except LoginTaken:
        raise Refused(asked.words("people.taken", login=login)) from None
    return Done("people.done.add")


def change(room: Room, asked: Asked) -> Done:
    """Give somebody another role and other units; holds from the next click on."""
    known, role = _known(room, asked), _role(asked)
    person = msgspec.structs.replace(known.person, role=role, units=_units(room, asked, role))
    if role is not Role.administrator:
        _keep_one(room, asked, known)
    with room.writing() as connection:
        people.change(connection, person)
        note(connection, "person.change", f"person:{person.login}", **_told(person), before=known.person.role.value)
    return Done("people.done.change")


def disable(room: Room, asked: Asked) -> Done:
    """Let somebody in no more, and end their sessions."""
    known = _known(room, asked)
    _keep_one(room, asked, known)
    with room.writing() as connection:
        people.set_disabled(connection, known.person.login, wall_ms())
        ended = sessions.revoke(connection, login=known.person.login)
        note(connection, "person.disable", f"person:{known.person.login}", sessions=ended)
    return Done("people.done.disable")


def enable(room: Room, asked: Asked) -> Done:
    """Let somebody in again."""
    login = _known(room, asked).person.login
    with room.writing() as connection:
        people.set_disabled(connection, login, None)
        note(connection, "person.enable", f"person:{login}")
    return Done("people.done.enable")


def password(room: Room, asked: Asked) -> Done:
    """Give somebody another password; ends their sessions, and opens a login that failed too often."""
    known = _known(room, asked)
    if known.subject is not None:
        raise Refused(asked.words("people.provider"))
    login, kept = known.person.login, _password(room, asked, known.person)
    with room.writing() as connection:
        people.set_password(connection, login, kept, wall_ms())
        ended = sessions.revoke(connection, login=login)
        note(connection, "person.password", f"person:{login}", sessions=ended)
    return Done("people.done.password")


def revoke(room: Room, asked: Asked) -> Done:
    """End one session, or all of somebody's."""
    login, session = asked.field("login"), asked.field("session", 20)
    if not login:
        raise Refused(asked.words("admin.gone"))
    with room.writing() as connection:
        ended = sessions.revoke(connection, login=login, id=session or None)
        note(connection, "session.revoke", f"person:{people.spelt(login)}", sessions=ended)
    return Done("people.done.revoke")


def _known(room: Room, asked: Asked) -> Known:
    known = people.find(room.store, asked.field("login", 200))
    if known is None:
        raise Refused(asked.words("admin.gone"))
    return known


def _keep_one(room: Room, asked: Asked, known: Known) -> None:
    """Refuse to take the last administrator away, or oneself."""
    if asked.person is not None and asked.person.login == known.person.login:
        raise Refused(asked.words("people.oneself"))
    others = [
        one for one in people.everybody(room.store)
        if one.person.role is Role.administrator and one.disabled_at is None and one.person.login != known.person.login
    ]  # fmt: skip
    if known.person.role is Role.administrator and not others:
        raise Refused(asked.words("people.last"))


def _role(asked: Asked) -> Role:
    try:
        return Role(asked.field("role"))
    except ValueError:
        raise Refused(asked.words("people.role.wanted")) from None


def _units(room: Room, asked: Asked, role: Role) -> frozenset[str] | None:
    codes = frozenset(code.strip() for code in asked.field("units", 2_000).split(",") if code.strip())
    strange = sorted(codes - room.profile.units.by_code.keys())
    if strange:
        raise Refused(asked.words("people.units.unknown", codes=", ".join(strange)))
    if role is Role.department and not codes:
        raise Refused(asked.words("people.units.wanted"))
    return codes or None


def _password(room: Room, asked: Asked, person: Person) -> str:
    given = asked.fields.get("password", "")
    weak = passwords.weakness(given, passwords.context(person, room.profile.province.name))
    if weak is not None:
        raise Refused(asked.words(f"people.password.{weak}", shortest=passwords.SHORTEST, longest=passwords.LONGEST))
    return passwords.hashed(given)


def _told(person: Person) -> dict[str, str | list[str]]:
    units = "all" if person.units is None else sorted(person.units)
    return {"role": person.role.value, "units": units}


DEEDS = {
    "add": add, "change": change, "disable": disable, "enable": enable, "password": password, "revoke": revoke,
}  # fmt: skip
