"""``opscentre token add | list | revoke``: what programs show to read the API."""

from __future__ import annotations

import getpass
import json
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from opscentre import profile as profiles
from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.commands.shared import AsJson, MaybeData, fail, open_beside, print_wide
from opscentre.domain.moments import DAY, iso
from opscentre.store import tokens
from opscentre.store.tokens import Token

#: Days for which a token holds at most.
LONGEST = 730


def register(app: typer.Typer) -> None:
    """Add the group of subcommands."""
    group = typer.Typer(no_args_is_help=True, help="Tokens with which programs read the API: make, list, revoke.")
    group.command("add")(add)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def add(
    name: Annotated[str, typer.Argument(help="Who or what will use it, e.g. 'báo cáo Sở Nội vụ'.")],
    path: Annotated[list[str] | None, typer.Option(help="Path below /api that it opens; repeatable, else all.")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="Unit that it is of; repeatable, else the province.")] = None,
    dossiers: Annotated[bool, typer.Option("--dossiers", help="Also tell dossiers' numbers.")] = False,
    days: Annotated[int, typer.Option(min=1, max=LONGEST, help="For how long it holds.")] = 90,
    data: MaybeData = None,
) -> None:
    """Make a token and show it, once: only a hash of it is kept."""
    if not name.strip():
        fail("token add: the name is empty; write who or what will use the token")
    for one in path or []:
        if not one.startswith("/api/"):
            fail(f"--path {one}: want a path below /api, such as /api/board")
    settings, engine = open_beside(data)
    units = profiles.load(settings.profile).units
    for code in unit or []:
        if code not in units.by_code:
            fail(f"--unit {code}: units.csv of {settings.profile} has no such code")
    now, who = wall_ms(), getpass.getuser()
    with engine.begin() as connection:
        number, shown = tokens.add(
            connection, name=name.strip()[:120], paths=path or None, units=unit or None, dossiers=dossiers, who=who,
            now=now, expires_at=now + days * DAY,
        )  # fmt: skip
        audit.record(
            connection, moment=now, who=who, action="token.add", subject=f"token:{number}",
            detail={"paths": path or None, "units": unit or None, "dossiers": dossiers, "days": days},
        )  # fmt: skip
    print(f"token {number} holds until {iso(now + days * DAY)}; it is shown only now:")
    print(shown)


def list_tokens(data: MaybeData = None, as_json: AsJson = False) -> None:
    """List every token, the newest first, without the tokens themselves."""
    _, engine = open_beside(data)
    found = tokens.listed(engine)
    if as_json:
        print(json.dumps([_document(token) for token in found], ensure_ascii=False))
        return
    table = Table(header_style="bold")
    for heading in ("number", "name", "paths", "units", "dossiers", "made", "state", "last used"):
        table.add_column(heading, no_wrap=heading in ("number", "state"))
    for token in found:
        scope = (", ".join(token.paths or ["all"]), ", ".join(token.units or ["all"]), "yes" if token.dossiers else "")
        made = f"{iso(token.created_at)} by {token.created_by}"
        cells = (token.name, *scope, made, _state(token), iso(token.used_at) if token.used_at else "never")
        # As plain text: a name must not be taken for the table's own markup.
        table.add_row(token.id, *map(Text, cells))
    if found:
        print_wide(table)
    print(f"{sum(token.holds(wall_ms()) for token in found)} hold, {len(found)} shown")


def revoke(
    number: Annotated[str, typer.Argument(help="Number of a token, as 'list' shows it.")], data: MaybeData = None
) -> None:
    """Let a token open nothing any more, from the next request on."""
    _, engine = open_beside(data)
    with engine.begin() as connection:
        if not tokens.revoke(connection, number):
            fail(f"token revoke: {number!r} is no token that still holds; 'opscentre token list' shows them")
        audit.record(
            connection, moment=wall_ms(), who=getpass.getuser(), action="token.revoke", subject=f"token:{number}",
            detail={},
        )  # fmt: skip
    print(f"token {number} opens nothing any more")


def _state(token: Token) -> str:
    if token.revoked_at is not None:
        return f"revoked {iso(token.revoked_at)}"
    return f"until {iso(token.expires_at)}" if token.holds(wall_ms()) else f"expired {iso(token.expires_at)}"


def _document(token: Token) -> dict[str, Any]:
    found = msgspec.to_builtins(token)
    moments = ("created_at", "expires_at", "revoked_at", "used_at")
    return found | {name: iso(found[name]) if found[name] is not None else None for name in moments}
