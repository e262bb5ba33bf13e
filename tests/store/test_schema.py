"""The schema's revisions: one line of them, forward and back, once however many start, refused when they do not fit."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Column, Engine, Table, inspect, text

from opscentre.store import all_tables, new_revision, schema
from opscentre.store.all_tables import metadata
from opscentre.store.engine import connect
from opscentre.store.migrations import baseline, runner
from opscentre.store.revisions import FOLDER, OtherSchema, head, known, standing
from tests.parts.process import wait_until
from tests.store.shapes import before_revisions, fill, rows, shape

MAKE_ONE = 'make one with: python -m opscentre.store.new_revision "What it does"'
#: A column that a next release might add.
ADDS = 'op.add_column("cursors", sa.Column("lag", sa.BigInteger(), server_default="0", nullable=False))'
BUILDING = text("SELECT count(*) FROM pg_stat_progress_create_index")
TAKES = 'op.drop_column("cursors", "lag")'


def migrate(engine: Engine, to: str, *, back: bool = False, folder: Path = FOLDER) -> None:
    with schema.whoever_migrates(engine) as connection:
        runner.run(connection, to, back=back, folder=folder)


def shape_of(engine: Engine) -> dict[str, object]:
    with engine.connect() as connection:
        return shape(connection)


def empty_again(engine: Engine) -> None:
    with engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.execute(text(f'DROP TABLE "{name}"'))


def test_the_revisions_are_one_line_with_one_head():
    scripts = ScriptDirectory.from_config(runner.config())
    assert scripts.get_heads() == [head()]
    line = [step.revision for step in scripts.walk_revisions()][::-1]
    assert line == known() == [f"{number:04}" for number in range(1, len(line) + 1)]
    for step in scripts.walk_revisions():
        assert step.module.works_with <= step.revision, f"{step.path}: works_with is one of the revisions up to it"


def test_every_module_that_lays_out_tables_is_among_all_tables():
    written = {path.stem for path in Path(all_tables.__file__).parent.glob("*tables.py")} - {"all_tables"}
    assert {module.__name__.rsplit(".", 1)[-1] for module in all_tables.MODULES} == written


def test_the_revisions_make_what_the_tables_say(empty: Engine):
    migrate(empty, "head")
    with empty.connect() as connection:
        assert list(runner.differences(connection)) == [], MAKE_ONE
        migrated = shape(connection)
    empty_again(empty)
    schema.bring_up_to_date(empty)
    assert shape_of(empty) == migrated, MAKE_ONE


def test_a_table_that_no_revision_makes_is_told(tmp_path: Path):
    engine = connect(f"sqlite:///{tmp_path}/a.db")
    schema.bring_up_to_date(engine)
    forgotten = Table("forgotten", metadata, Column("id", BigInteger, primary_key=True))
    try:
        with engine.connect() as connection:
            assert [(what, table.name) for what, table in runner.differences(connection)] == [
                ("add_table", "forgotten")
            ]
        assert "op.create_table('forgotten'" in written_for(tmp_path / "copy")
    finally:
        metadata.remove(forgotten)


def written_for(folder: Path) -> str:
    """The text of the revision that a developer is given for what the tables have by now."""
    shutil.copytree(FOLDER, folder)
    made = new_revision.write("Adds the forgotten table.", folder)
    assert made.name == f"r{int(head()) + 1:04}_adds_the_forgotten_table.py"
    text = made.read_text(encoding="utf-8")
    assert f"revision = '{int(head()) + 1:04}'\ndown_revision = '{head()}'" in text
    return text


def test_forward_back_and_forward_again_keep_what_the_tables_hold(empty: Engine):
    migrate(empty, "0001")
    with empty.begin() as connection:
        fill(connection, baseline.metadata)
        before = rows(connection, baseline.metadata)
    oldest = shape_of(empty)
    migrate(empty, "head")
    newest = shape_of(empty)
    migrate(empty, "0001", back=True)
    assert shape_of(empty) == oldest
    migrate(empty, "head")
    assert shape_of(empty) == newest
    with empty.connect() as connection:
        assert rows(connection, baseline.metadata) == before
        assert standing(connection).works_with is not None
    migrate(empty, "base", back=True)
    assert inspect(empty).get_table_names() == ["alembic_version"]


def test_a_release_goes_on_working_on_the_tables_of_the_next(tmp_path: Path):
    """The rule of expand and contract, for every revision that says it keeps to it."""
    engine = connect(f"sqlite:///{tmp_path}/a.db")
    scripts = ScriptDirectory.from_config(runner.config())
    before: dict[str, object] = {}
    for number in known():
        migrate(engine, number)
        after = shape_of(engine)
        if before and scripts.get_revision(number).module.works_with < number:
            tables = {name.split(".")[0] for name in before}
            for name, column in before.items():
                assert name in ("indexes", "triggers") or after.get(name) == column, f"{number} changes or drops {name}"
            for name in after.keys() - before.keys():
                _, required, default, _ = after[name]
                new_table = name.split(".")[0] not in tables
                assert new_table or not required or default is not None, f"{number} demands {name} of older writers"
            unique = {one for one in after["indexes"] if "UNIQUE" in one} - set(before["indexes"])
            assert not [one for one in unique if one.split(" ON ")[1].split()[0] in tables], unique
        before = after


def test_a_database_from_before_revisions_is_recognised(empty: Engine):
    schema.bring_up_to_date(empty)
    wanted = shape_of(empty)
    before_revisions(empty)
    with empty.begin() as connection:
        fill(connection, baseline.metadata)
    schema.bring_up_to_date(empty)
    assert shape_of(empty) == wanted
    with empty.connect() as connection:
        assert standing(connection).revision == head()
        assert all(len(held) == 1 for held in rows(connection, baseline.metadata).values())


def test_of_many_that_start_at_once_one_migrates(empty: Engine, later):
    folder = later(ADDS, TAKES)
    newest = f"{int(head()) + 1:04}"
    url = empty.url.render_as_string(hide_password=False)
    for find, wanted in ((FOLDER, head()), (folder, newest)):
        together = threading.Barrier(5)

        def start(_: int, find: Path = find, together: threading.Barrier = together) -> str | None:
            engine = connect(url)
            together.wait(20)
            schema.bring_up_to_date(engine, find)
            with engine.connect() as connection:
                revision = standing(connection).revision
            engine.dispose()
            return revision

        with ThreadPoolExecutor(5) as pool:
            assert set(pool.map(start, range(5))) == {wanted}
    with empty.connect() as connection:
        noted = connection.execute(text("SELECT revision FROM schema_revisions ORDER BY revision")).scalars().all()
    assert noted == [*known()[1:], newest]


def test_an_older_release_works_on_a_newer_database_that_lets_it(empty: Engine, later, caplog):
    folder = later(ADDS)
    schema.bring_up_to_date(empty, folder)
    caplog.clear()
    schema.bring_up_to_date(empty)
    assert "newer revision" in caplog.text
    with empty.begin() as connection:
        fill(connection, metadata)


def test_an_older_release_refuses_a_database_that_does_not_let_it(empty: Engine, later):
    newer = f"{int(head()) + 1:04}"
    schema.bring_up_to_date(empty, later('op.drop_column("cursors", "written_at")', works_with=newer))
    with pytest.raises(OtherSchema, match=rf"at revision {newer}, which a newer release made.*up to {head()}: install"):
        schema.bring_up_to_date(empty)


def test_a_revision_that_fails_leaves_the_database_where_it_was(empty: Engine, later):
    schema.bring_up_to_date(empty)
    before = shape_of(empty)
    folder = later(f'{ADDS}; op.execute("SELECT nonsense FROM nowhere")')
    with pytest.raises(Exception, match="nowhere"):
        schema.bring_up_to_date(empty, folder)
    assert shape_of(empty) == before
    with empty.connect() as connection:
        assert standing(connection).revision == head()
    # Nor is anything left locked.
    schema.bring_up_to_date(empty)


@pytest.mark.postgres
def test_an_index_is_built_beside_those_who_write(postgres_url: str, later):
    engine = connect(postgres_url)
    schema.bring_up_to_date(engine)
    folder = later(
        'large.create_index("cursors_late", "cursors", ["written_at"])', 'large.drop_index("cursors_late", "cursors")'
    )
    insertion = text("INSERT INTO cursors VALUES (:source, '', 1)")
    with ThreadPoolExecutor(1) as pool, engine.connect() as slow:
        slow.execute(insertion, {"source": "slow"})
        building = pool.submit(schema.bring_up_to_date, engine, folder)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            wait_until(lambda: watching.scalar(BUILDING) == 1, 30, "the index being built")
        with engine.begin() as other:
            other.execute(text("SET LOCAL lock_timeout = '5s'"))
            other.execute(insertion, {"source": "other"})
        assert not building.done()
        slow.commit()
        building.result(30)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'cursors_late'::regclass"))
    migrate(engine, head(), back=True, folder=folder)
    assert "cursors_late" not in str(shape_of(engine)["indexes"])
    engine.dispose()
