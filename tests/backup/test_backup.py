"""A backup is whole or refused, on SQLite and PostgreSQL; nothing is overwritten unless told so; no secret is in it."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from opscentre import cli
from opscentre.backup import archive, database
from opscentre.backup.archive import BackupError, Counted
from opscentre.backup.restoring import restore
from opscentre.backup.taking import take, without_secrets
from opscentre.settings import Settings
from opscentre.store.all_tables import metadata
from opscentre.store.engine import connect, open_store
from opscentre.store.revisions import head
from tests.store.shapes import fill, shape

#: In the claims and settlements that ``fill`` writes.
CLAIM = 7


def counted(settings: Settings) -> dict[str, Counted]:
    engine = connect(settings.database_url)
    with engine.connect() as connection:
        found = database.counted(connection)
    engine.dispose()
    return found


@pytest.fixture
def filled(tmp_path: Path) -> Callable[[str], Settings]:
    """An installation with a row in every table; ``database``: its URL."""

    def made(url: str) -> Settings:
        settings = Settings(data=tmp_path / "data", database=url)
        engine = open_store(settings.database_url)
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM schema_revisions"))
            fill(connection, metadata)
        engine.dispose()
        (settings.data / "maps").mkdir(parents=True)
        (settings.data / "maps" / "index.json").write_text("[]", encoding="utf-8")
        return settings

    return made


@pytest.mark.parametrize("kind", ["sqlite", "pg_dump", "copy"])
def test_what_was_backed_up_comes_back_to_the_byte(
    kind: str, filled, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    url = "" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    if kind == "copy":
        monkeypatch.setattr(database.shutil, "which", lambda _: None)
    settings = filled(url)
    before = counted(settings)
    assert all(one.rows == 1 for one in before.values())
    engine = open_store(settings.database_url)
    with engine.connect() as connection:
        tables = shape(connection)
    done = take(settings, engine, tmp_path)
    assert (done.manifest.database, done.manifest.revision) == (kind, head())
    assert {name for name in before if before[name] != done.manifest.tables[name]} == {"audit_log"}
    before = done.manifest.tables
    assert done.path.stat().st_mode & 0o077 == 0
    # What changed since is gone, what was dropped is back.
    with engine.begin() as connection:
        connection.execute(text("UPDATE notes SET author = 'other'"))
        connection.execute(text("DELETE FROM transitions"))
    with pytest.raises(BackupError, match="is not empty; --replace drops"):
        restore(settings, done.path)
    (settings.data / "maps" / "index.json").unlink()
    if kind != "sqlite":
        # The pool's own session is still there.
        with pytest.raises(BackupError, match="1 other sessions use it; stop every role"):
            restore(settings, done.path, replace=True)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE of_a_newer_release (id int)"))
        with pytest.raises(BackupError, match=r"does not know \(of_a_newer_release\).*an empty database of its own"):
            restore(settings, done.path, replace=True)
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE of_a_newer_release"))
    engine.dispose()
    back = restore(settings, done.path, replace=True, files=tmp_path / "files")
    assert back.rows == sum(one.rows for one in before.values())
    after = counted(settings)
    # Offsets of another life are forgotten, its claims void, nobody is signed in; everything else is what it was.
    assert {name for name in before if before[name] != after[name]} == {
        "partitions",
        "claims",
        "settlements",
        "audit_log",
        "sessions",
        "sign_in_journeys",
    }
    with engine.connect() as connection:
        assert shape(connection) == tables
        assert connection.scalar(text("SELECT number FROM claims")) == 1_000_000 + CLAIM
        assert connection.scalar(text("SELECT count(*) FROM partitions")) == 0
    with engine.begin() as connection:
        note = {"kind": "unit", "subject": "u", "author": "a", "text": "t", "at": 1}
        connection.execute(metadata.tables["notes"].insert(), [note])
    assert (settings.data / "maps" / "index.json").read_text(encoding="utf-8") == "[]"
    assert (tmp_path / "files" / "profile" / "units.csv").is_file()
    engine.dispose()


def test_a_damaged_backup_is_refused_before_anything_is_touched(filled, tmp_path: Path):
    settings = filled("")
    engine = open_store(settings.database_url)
    path = take(settings, engine, tmp_path / "whole.tar").path
    engine.dispose()
    before = counted(settings)
    content = bytearray(path.read_bytes())
    with tarfile.open(path) as tar:
        place = tar.getmember("database/opscentre.db.gz").offset_data
    content[place + 100] ^= 1
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(content)
    with pytest.raises(BackupError, match=r"database/opscentre.db.gz is damaged: its checksum"):
        restore(settings, damaged, replace=True)
    damaged.write_bytes(content[:5000])
    with pytest.raises(BackupError, match="no whole backup of opscentre"):
        restore(settings, damaged, replace=True)
    with pytest.raises(BackupError, match="is there already, and nothing is overwritten"):
        take(settings, engine, path)
    assert counted(settings) == before
    engine.dispose()


def test_a_database_file_that_is_none_any_more_is_put_back(filled, tmp_path: Path):
    settings = filled("")
    engine = open_store(settings.database_url)
    done = take(settings, engine, tmp_path / "b.tar")
    engine.dispose()
    file = settings.data / "opscentre.db"
    for old in settings.data.glob("opscentre.db*"):
        old.unlink()
    file.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(BackupError, match=r"is damaged \(file is not a database\); --replace"):
        restore(settings, done.path)
    assert restore(settings, done.path, replace=True).manifest == done.manifest
    assert counted(settings)["dossiers"] == done.manifest.tables["dossiers"]


def test_a_backup_whose_rows_are_not_the_manifests_leaves_an_empty_database(filled, tmp_path: Path):
    settings = filled("")
    engine = open_store(settings.database_url)
    path = take(settings, engine, tmp_path / "b.tar").path
    engine.dispose()
    folder = tmp_path / "taken-out"
    with archive.opened(path) as (tar, manifest):
        archive.take_out(path, tar, manifest, folder)
    wrong = msgspec.structs.replace(manifest, tables={**manifest.tables, "notes": Counted(2, "1")})
    archive.write(tmp_path / "wrong.tar", wrong, {name: folder / name for name in wrong.files})
    with pytest.raises(BackupError, match=r"table notes came back as .*rows=1.*, the manifest says .*rows=2"):
        restore(settings, tmp_path / "wrong.tar", replace=True)
    assert counted(settings) == {}
    newer = msgspec.structs.replace(manifest, revision="9000")
    archive.write(tmp_path / "newer.tar", newer, {name: folder / name for name in newer.files})
    with pytest.raises(BackupError, match=f"revision 9000 of release .* knows up to {head()}"):
        restore(settings, tmp_path / "newer.tar")


def test_no_password_of_an_address_is_in_a_backup():
    settings = Settings(
        database="postgresql+psycopg://opscentre:geheim@db/opscentre", redis="redis://:geheim@redis:6379/0",
        mail="smtps://user:geheim@mail:465",
    )  # fmt: skip
    told = without_secrets(settings)
    assert "geheim" not in str(told)
    assert told["redis"] == "redis://…@redis:6379/0"
    assert told["profile"] == "thai-nguyen"


def test_the_commands_say_what_they_did(filled, tmp_path: Path, monkeypatch, capsys):
    settings = filled("")

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["opscentre", *map(str, arguments), "--data", str(settings.data)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    path = tmp_path / "b.tar"
    code, out, _ = run("backup", "--out", path)
    assert code == 0
    assert f"revision {head()}, 1 dossiers" in out
    assert "MB in" in out
    assert run("backup", "--out", path)[::2] == (
        2, f"opscentre: --out {path}: is there already, and nothing is overwritten; name another file\n"
    )  # fmt: skip
    assert run("restore", path)[0] == 2
    code, out, _ = run("restore", path, "--replace")
    assert code == 0
    assert "every checksum right" in out
