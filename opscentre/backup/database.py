"""The database of a backup: as it was at one moment, counted table by table, and loaded again."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, inspect, text

from opscentre.backup.archive import BackupError, Counted, Kind
from opscentre.store import schema
from opscentre.store.all_tables import metadata
from opscentre.store.engine import connect
from opscentre.store.migrations import runner
from opscentre.store.revisions import VERSION_TABLE

#: Names of what is written into the folder of a dump.
SQLITE, DUMP, COPIED = "opscentre.db.gz", "opscentre.dump", "tables"
_COPY_CHUNK = 1 << 20
#: What the revisions of a new database write by themselves.
_NOTED = (VERSION_TABLE, "schema_revisions")
#: The functions that our tables' triggers call.
_OF_TRIGGERS = """
    SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(:tables)
"""


def dump(engine: Engine, folder: Path) -> tuple[Kind, dict[str, Counted]]:
    """Write the database into a folder as it is at one moment; how, and what was in it. Raises ``BackupError``."""
    if engine.dialect.name == "sqlite":
        return "sqlite", _dump_sqlite(engine, folder)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        program = _program("pg_dump", connection)
        if program is None:
            _copy_out(connection, folder)
        else:
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            wanted = ["-Fc", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={folder / DUMP}"]
            _run(engine, [program, *wanted])
        return ("copy" if program is None else "pg_dump"), counted(connection)


def load(engine: Engine, folder: Path, kind: Kind, revision: str) -> None:
    """Fill an empty database with what was dumped. Raises ``BackupError``."""
    if kind == "sqlite":
        _load_sqlite(engine, folder / SQLITE)
    elif kind == "pg_dump":
        with engine.connect() as connection:
            program = _program("pg_restore", connection)
        if program is None:
            raise BackupError(
                "restore: this backup needs pg_restore of PostgreSQL's own or a newer release; install it"
            )
        wanted = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(folder / DUMP)]
        _run(engine, [program, f"--dbname={engine.url.database}", *wanted])
    else:
        with schema.whoever_migrates(engine) as connection:
            runner.run(connection, revision)
        with engine.begin() as connection:
            _copy_in(connection, folder)


def clear(engine: Engine) -> None:
    """Drop all tables of ours, with what they hold."""
    with engine.begin() as connection:
        there = sorted(_columns(connection))
        functions: Sequence[str] = ()
        if engine.dialect.name == "postgresql":
            functions = connection.execute(text(_OF_TRIGGERS), {"tables": there}).scalars().all()
        for name in there:
            connection.execute(text(f'DROP TABLE "{name}"'))
        for function in functions:
            connection.execute(text(f"DROP FUNCTION {function}"))


def not_ours(connection: Connection) -> list[str]:
    """The tables of the database that this release does not know."""
    return sorted(set(inspect(connection).get_table_names()) - {*metadata.tables, VERSION_TABLE})


def counted(connection: Connection) -> dict[str, Counted]:
    """How many rows every table has, and a checksum of them that no order of rows or columns changes."""
    found = {}
    for name, columns in _columns(connection).items():
        listed = ", ".join(f'"{column}"' for column in sorted(columns))
        if connection.dialect.name == "postgresql":
            hashed = f"('x' || substr(md5(ROW({listed})::text), 1, 15))::bit(60)::bigint"
            row = connection.execute(text(f'SELECT count(*), coalesce(sum({hashed}), 0) FROM "{name}"')).one()
            found[name] = Counted(row[0], str(row[1]))
        else:
            rows = total = 0
            for one in connection.exec_driver_sql(f'SELECT {listed} FROM "{name}"'):
                rows += 1
                total += int.from_bytes(
                    hashlib.md5(repr(tuple(one)).encode(), usedforsecurity=False).digest()[:8], "big"
                )
            found[name] = Counted(rows, str(total))
    return found


def _columns(connection: Connection) -> dict[str, list[str]]:
    known = inspect(connection)
    wanted = sorted(set(known.get_table_names()) & {*metadata.tables, VERSION_TABLE})
    return {name: [one["name"] for one in known.get_columns(name)] for name in wanted}


def _dump_sqlite(engine: Engine, folder: Path) -> dict[str, Counted]:
    plain = folder / "opscentre.db"
    with engine.connect() as connection, sqlite3.connect(plain) as copy:
        cast(sqlite3.Connection, connection.connection.driver_connection).backup(copy, pages=4096)
    copy.close()
    copied = connect(f"sqlite:///{plain}")
    with copied.connect() as connection:
        found = counted(connection)
    copied.dispose()
    for leftover in folder.glob("opscentre.db-*"):
        leftover.unlink()
    with plain.open("rb") as source, gzip.open(folder / SQLITE, "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target, _COPY_CHUNK)
    plain.unlink()
    return found


def _load_sqlite(engine: Engine, packed: Path) -> None:
    plain = packed.with_suffix("")
    with gzip.open(packed, "rb") as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target, _COPY_CHUNK)
    with sqlite3.connect(plain) as copy, engine.execution_options(sqlite_begin="DEFERRED").connect() as connection:
        copy.backup(cast(sqlite3.Connection, connection.connection.driver_connection))
    copy.close()
    plain.unlink()


def _copy_out(connection: Connection, folder: Path) -> None:
    (folder / COPIED).mkdir()
    driver: Any = connection.connection.driver_connection
    for name, columns in _columns(connection).items():
        listed = ", ".join(f'"{column}"' for column in columns)
        with (
            gzip.open(folder / COPIED / f"{name}.gz", "wb", compresslevel=1) as file,
            driver.cursor() as cursor,
            cursor.copy(f'COPY "{name}" ({listed}) TO STDOUT') as rows,
        ):
            file.write(f"{','.join(columns)}\n".encode())
            for chunk in rows:
                file.write(chunk)


def _copy_in(connection: Connection, folder: Path) -> None:
    driver: Any = connection.connection.driver_connection
    for path in sorted((folder / COPIED).glob("*.gz")):
        name = path.stem
        if name in _NOTED:
            connection.execute(text(f'DELETE FROM "{name}"'))
        with gzip.open(path, "rb") as file, driver.cursor() as cursor:
            listed = ", ".join(f'"{column}"' for column in file.readline().decode().strip().split(","))
            with cursor.copy(f'COPY "{name}" ({listed}) FROM STDIN') as rows:
                while chunk := file.read(_COPY_CHUNK):
                    rows.write(chunk)
        for column in metadata.tables[name].primary_key if name in metadata.tables else ():
            if column.autoincrement is True:
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{name}', '{column.name}'), "
                        f'coalesce(max("{column.name}"), 0) + 1, false) FROM "{name}"'
                    )
                )


def _program(name: str, connection: Connection) -> str | None:
    """PostgreSQL's own program, where it is here and not older than the server."""
    found = shutil.which(name)
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    version = re.search(r"\) (\d+)", told)
    server = connection.dialect.server_version_info
    return found if version and server and int(version[1]) >= int(server[0]) else None


def _run(engine: Engine, command: Sequence[str]) -> None:
    url = engine.url
    options = {f"PG{key.upper()}": str(value) for key, value in url.query.items() if key in ("sslmode", "sslrootcert")}
    # The password stands in no list of processes.
    given = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = {**os.environ, **options, **{key: str(value) for key, value in given.items() if value is not None}}
    environment["PGDATABASE"] = str(url.database)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BackupError(f"{Path(command[0]).name} ended with {done.returncode}: {said[-1] if said else 'no word'}")
