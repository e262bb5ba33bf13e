"""``opscentre user …``: the people who may sign in to the dashboard, their roles, passwords and sessions."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table
from sqlalchemy import Connection, Engine

from opscentre import profile as profiles
from opscentre.access import audit, passwords
from opscentre.access.people import RESERVED, Person, Role
from opscentre.clock import wall_ms
from opscentre.commands.shared import AsJson, MaybeData, MaybeProfile, fail, print_wide, settings_beside
from opscentre.domain.moments import local
from opscentre.settings import Settings, load
from opscentre.store import people, sessions
from opscentre.store.engine import open_store

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="What the person types to sign in.")]
Units = Annotated[
    str | None, typer.Option(help="Codes of the units that the person sees, with commas; 'all': the whole province.")
]
PasswordFile = Annotated[
    Path | None, typer.Option(help="File with the password; else OPSCENTRE_USER_PASSWORD, else it is asked for.")
]
#: Where a password is taken from when nobody is there to type it.
PASSWORD = "OPSCENTRE_USER_PASSWORD"


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="People who may sign in: roles, passwords, sessions.")
    group.command()(add)
    group.command("list")(list_people)
    group.command()(passwd)
    group.command()(role)
    group.command()(disable)
    group.command("sessions")(list_sessions)
    group.command()(revoke)
    app.add_typer(group, name="user")


def add(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the person may do.")],
    name: Annotated[str | None, typer.Option(help="As it stands in notes; the login if left out.")] = None,
    units: Units = None,
    password_file: PasswordFile = None,
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Add somebody, with a password."""
    settings, engine = _open(data, profile)
    login = people.spelt(login)
    if not people.is_login(login):
        fail(f"login {login!r}: want 1 to {people.LONGEST_LOGIN} letters, digits and {people.LOGIN_SIGNS}")
    person = Person(login=login, name=name or login, role=role, units=_units(settings, role, units))
    if people.find(engine, login) is not None or login in RESERVED:
        fail(f"login {login!r} is taken; see 'opscentre user list'")
    kept = passwords.hashed(_password(settings, person, password_file))
    with engine.begin() as connection:
        people.add(connection, person, kept, wall_ms())
        _note(connection, "person.add", login, role=role.value, units=_list(person.units))
    print(f"{login}: {_told(person)}")


def list_people(data: MaybeData = None, profile: MaybeProfile = None, as_json: AsJson = False) -> None:
    """List everybody who may sign in."""
    _, engine = _open(data, profile)
    everybody = people.everybody(engine)
    if as_json:
        rows = [
            {
                **msgspec.structs.asdict(known.person), "signs_in": _signs_in(known),
                "disabled": known.disabled_at is not None,
            }
            for known in everybody
        ]  # fmt: skip
        print(msgspec.json.encode(rows, order="sorted").decode())
        return
    table = Table("login", "name", "role", "units", "signs in by", "")
    for known in everybody:
        person, state = known.person, "" if known.disabled_at is None else "disabled"
        table.add_row(person.login, person.name, person.role.value, _list(person.units), _signs_in(known), state)
    print_wide(table)


def _signs_in(known: people.Known) -> str:
    return "provider" if known.subject else "password"


def _list(units: frozenset[str] | None) -> str:
    return "all" if units is None else ", ".join(sorted(units))


def passwd(
    login: Login, password_file: PasswordFile = None, data: MaybeData = None, profile: MaybeProfile = None
) -> None:
    """Give somebody another password; ends their sessions, and opens a login that failed too often."""
    settings, engine = _open(data, profile)
    known = _known(engine, login)
    if known.subject is not None:
        fail(f"{login}: signs in with a provider, and has no password here; change it there")
    kept = passwords.hashed(_password(settings, known.person, password_file))
    with engine.begin() as connection:
        people.set_password(connection, login, kept, wall_ms())
        ended = sessions.revoke(connection, login=login)
        _note(connection, "password.change", login, sessions_ended=ended)
    print(f"{login}: another password; sessions ended: {ended}")


def role(
    login: Login,
    role: Annotated[Role, typer.Argument(help="What the person may do.")],
    units: Units = None,
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Give somebody another role and other units; holds from the next click on."""
    settings, engine = _open(data, profile)
    person = msgspec.structs.replace(_known(engine, login).person, role=role, units=_units(settings, role, units))
    with engine.begin() as connection:
        people.change(connection, person)
        _note(connection, "person.change", login, role=role.value, units=_list(person.units))
    print(f"{login}: {_told(person)}")


def disable(
    login: Login,
    again: Annotated[bool, typer.Option("--undo", help="Let the person in again.")] = False,
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """Let somebody in no more, and end their sessions. What they wrote stays."""
    _, engine = _open(data, profile)
    _known(engine, login)
    with engine.begin() as connection:
        people.set_disabled(connection, login, None if again else wall_ms())
        ended = sessions.revoke(connection, login=login)
        _note(connection, "person.enable" if again else "person.disable", login, sessions_ended=ended)
    print(f"{login}: {'may sign in again' if again else f'disabled; sessions ended: {ended}'}")


def list_sessions(
    login: Annotated[str | None, typer.Argument(metavar="[LOGIN]", help="Whose; everybody's if left out.")] = None,
    data: MaybeData = None,
    profile: MaybeProfile = None,
    as_json: AsJson = False,
) -> None:
    """List who is signed in, since when, from where."""
    settings, engine = _open(data, profile)
    found = sessions.of(engine, sessions.limits_of(settings), wall_ms(), login)
    if as_json:
        print(msgspec.json.encode([dict(zip(one._fields[1:], one[1:], strict=True)) for one in found]).decode())
        return
    table = Table("session", "login", "since", "last used", "from", "by", "browser")
    for one in found:
        since, used = (f"{local(at):%d/%m/%Y %H:%M}" for at in (one.made_at, one.seen_at))
        table.add_row(one.id, one.login, since, used, one.address, one.how, one.agent[:60])
    print_wide(table)


def revoke(
    login: Annotated[str | None, typer.Argument(metavar="[LOGIN]", help="Whose sessions.")] = None,
    session: Annotated[str | None, typer.Option(help="Only this one, as 'user sessions' names it.")] = None,
    data: MaybeData = None,
    profile: MaybeProfile = None,
) -> None:
    """End the sessions of somebody, or a single one."""
    if login is None and session is None:
        fail("whose sessions? name a LOGIN, or one --session ID of 'opscentre user sessions'")
    _, engine = _open(data, profile)
    with engine.begin() as connection:
        ended = sessions.revoke(connection, login=login, id=session)
        _note(connection, "session.revoke", login or f"session {session}", sessions_ended=ended)
    print(f"sessions ended: {ended}")


def _open(data: Path | None, profile: str | None) -> tuple[Settings, Engine]:
    # A first administrator may be added before anything else was ever started.
    settings = settings_beside(data or load().data, profile)
    return settings, open_store(settings.database_url)


def _note(connection: Connection, action: str, login: str, **detail: str | int) -> None:
    """Keep in the audit log who changed what of whom."""
    subject, who = f"person:{people.spelt(login)}", getpass.getuser()
    audit.record(connection, moment=wall_ms(), who=who, action=action, subject=subject, detail=detail)


def _known(engine: Engine, login: str) -> people.Known:
    found = people.find(engine, login)
    if found is None:
        fail(f"login {login!r}: nobody has it; see 'opscentre user list'")
    return found


def _units(settings: Settings, role: Role, text: str | None) -> frozenset[str] | None:
    """The units that were named, where each is one of the profile's."""
    if text is None or text == "all":
        if role is Role.department:
            fail("--role department: say of which units it is, with --units CODE,CODE")
        return None
    codes = frozenset(code.strip() for code in text.split(",") if code.strip())
    known = profiles.load(settings.profile).units
    for code in sorted(codes):
        if code not in known.by_code:
            fail(f"--units {text}: {code!r} is no unit of the profile {settings.profile!r}")
    if not codes:
        fail("--units: no code in it; want CODE,CODE or 'all'")
    return codes


def _told(person: Person) -> str:
    return f"{person.role.value}, units: {_list(person.units)}"


def _password(settings: Settings, person: Person, file: Path | None) -> str:
    """A password that may be kept, from a file, the environment or the terminal; never from an argument."""
    if file is not None:
        try:
            password = file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            fail(f"--password-file {file}: cannot be read ({error.strerror})")
    elif os.environ.get(PASSWORD):
        password = os.environ[PASSWORD]
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        fail(f"no terminal to ask for a password on; give --password-file FILE or set {PASSWORD}")
    context = passwords.context(person, profiles.load(settings.profile).province.name)
    weak = passwords.weakness(password, context)
    if weak is not None:
        fail(f"this password cannot be taken: {passwords.TOLD[weak]}")
    return password
