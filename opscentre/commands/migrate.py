"""``opscentre migrate``: bring the database to a revision, forward or back; show the SQL; check where it stands."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Engine

from opscentre.commands.shared import MaybeData, fail, settings_beside
from opscentre.settings import load
from opscentre.store import schema
from opscentre.store.engine import connect, reading
from opscentre.store.revisions import Standing, fits, head, known, standing

#: Of ``--check``, where there is something to do.
TO_DO = 1


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(migrate)


def migrate(
    data: MaybeData = None,
    to: Annotated[str, typer.Option(metavar="REV", help="Revision to go to, such as 0002; the newest if left out.")] = (
        ""
    ),
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the statements instead of running them.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say where the database stands; 1 where there is something to do.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Go back although what newer tables hold is lost.")] = False,
) -> None:
    """Bring the database's tables to the newest revision, or to another one."""
    settings = settings_beside(data or load().data, None)
    if to and to not in known():
        fail(f"--to {to}: no such revision; this release knows {known()[0]} to {head()}")
    engine = connect(settings.database_url)
    with reading(engine).connect() as connection:
        found = standing(connection)
    if check:
        _check(engine, found)
    elif as_sql:
        _print_sql(engine, found, to or head())
    elif to and found.revision is not None and to < found.revision:
        _back(engine, found, to, yes)
    else:
        _forward(engine, found, to or head())


def _check(engine: Engine, found: Standing) -> None:
    if not fits(found):
        print(f"{_place(found)}; this release wants {head()}: 'opscentre migrate' brings it there")
        raise typer.Exit(TO_DO)
    from opscentre.store.migrations import runner

    with reading(engine).connect() as connection:
        other = [] if found.revision != head() else list(runner.differences(connection))
    for one in other:
        print(f"differs: {one}")
    if other:
        fail(f"{_place(found)}, but the tables are not what that revision made: somebody changed them by hand")
    print(f"{_place(found)}: nothing to do")


def _print_sql(engine: Engine, found: Standing, to: str) -> None:
    from opscentre.store.migrations import runner

    if found.revision is None and found.tables:
        fail("the database is from before revisions: 'opscentre migrate' completes it by looking at it, without a text")
    back = found.revision is not None and to < found.revision
    if found.revision != to:
        print(runner.as_sql(engine.dialect.name, found.revision, to, back=back), end="")


def _forward(engine: Engine, found: Standing, to: str) -> None:
    if found.revision == to or (fits(found) and to == head()):
        print(f"{_place(found)}: nothing to do")
        return
    schema.bring_up_to_date(engine, to=to)
    with reading(engine).connect() as connection:
        print(f"{_place(found)} → {_place(standing(connection))}")


def _back(engine: Engine, found: Standing, to: str, yes: bool) -> None:
    from opscentre.store.migrations import runner

    fits(found)
    if found.revision not in known():
        fail(f"the database is at {found.revision}, which only the release that made it can take back")
    if not yes:
        fail(
            f"--to {to} goes back from {found.revision}: what tables and columns of the newer revisions hold is lost. "
            "Stop every role of the newer release, take a backup, and say --yes"
        )
    with schema.whoever_migrates(engine) as connection:
        runner.run(connection, to, back=True)
    print(f"{_place(found)} → {to}")


def _place(found: Standing) -> str:
    if found.revision is not None:
        return f"revision {found.revision}"
    return "a state from before revisions" if found.tables else "an empty database"
